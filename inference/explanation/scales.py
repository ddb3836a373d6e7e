"""Scales and tick marks for scores and times. Pure functions."""

from dataclasses import dataclass

# Shares of the height for the ranges between 0, the two thresholds and 1. Thresholds are close to 1, where a
# linear scale would leave no room.
BANDS = (0.46, 0.27, 0.27)
TIME_STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600)  # seconds
MAX_TICKS = 10


@dataclass(frozen=True)
class Scale:
    """A piecewise linear scale: ascending ``values``, and the pixel position of each."""

    values: tuple[float, ...]
    pixels: tuple[float, ...]

    def __call__(self, value: float) -> float:
        """Return the pixel position of a value; values outside the scale are clamped."""
        clamped = min(max(value, self.values[0]), self.values[-1])
        for low, high, start, end in zip(
            self.values, self.values[1:], self.pixels, self.pixels[1:], strict=False
        ):
            if clamped <= high:
                return start + (end - start) * (clamped - low) / (high - low)
        return self.pixels[-1]


def score_scale(suspect: float, tag: float, bottom: float, top: float) -> Scale:
    """Return a scale from score 0 at ``bottom`` to 1 at ``top``; empty ranges get no room."""
    edges = (0.0, suspect, tag, 1.0)
    bands = [(high, share) for low, high, share in zip(edges, edges[1:], BANDS, strict=False) if high > low]
    total, values, pixels = sum(share for _, share in bands), [0.0], [bottom]
    for high, share in bands:
        values.append(high)
        pixels.append(pixels[-1] + (top - bottom) * share / total)
    return Scale(tuple(values), tuple(pixels))


def time_ticks(seconds: float) -> list[float]:
    """Return round times from 0 to at most ``seconds``, in the finest step with at most MAX_TICKS ticks."""
    step = next((step for step in TIME_STEPS if seconds / step <= MAX_TICKS), seconds / MAX_TICKS)
    return [round(index * step, 3) for index in range(int(seconds / step + 1e-6) + 1)]


def clock(seconds: float, digits: int = 1) -> str:
    """Return a time as 0.4 s, 12 s or 1:05; below a minute with at most ``digits`` decimal places."""
    if seconds < 60:
        return f"{round(seconds, digits):g} s"
    return f"{int(seconds // 60)}:{int(seconds % 60):02d}"
