"""Where a score and a time lie on a drawing, and how times are written. Pure."""

from dataclasses import dataclass

# The share of the height that each side of a threshold gets. Thresholds lie close below 1, where an even
# scale would leave nothing to see.
BANDS = (0.46, 0.27, 0.27)
TIME_STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600)  # seconds
MOST_TICKS = 10


@dataclass(frozen=True)
class Scale:
    """Piecewise linear: ``values`` ascending, and at which pixel each of them is."""

    values: tuple[float, ...]
    pixels: tuple[float, ...]

    def __call__(self, value: float) -> float:
        """The pixel of a value; values outside lie at the nearest end."""
        inside = min(max(value, self.values[0]), self.values[-1])
        for low, high, start, end in zip(
            self.values, self.values[1:], self.pixels, self.pixels[1:], strict=False
        ):
            if inside <= high:
                return start + (end - start) * (inside - low) / (high - low)
        return self.pixels[-1]


def score_scale(suspect: float, tag: float, bottom: float, top: float) -> Scale:
    """Scores from 0 at ``bottom`` to 1 at ``top``; each threshold gets room, an empty band none."""
    edges = (0.0, suspect, tag, 1.0)
    bands = [(high, share) for low, high, share in zip(edges, edges[1:], BANDS, strict=False) if high > low]
    whole, values, pixels = sum(share for _, share in bands), [0.0], [bottom]
    for high, share in bands:
        values.append(high)
        pixels.append(pixels[-1] + (top - bottom) * share / whole)
    return Scale(tuple(values), tuple(pixels))


def time_ticks(seconds: float) -> list[float]:
    """Round times from 0 to at most ``seconds``, in the finest step that does not crowd them."""
    step = next((one for one in TIME_STEPS if seconds / one <= MOST_TICKS), seconds / MOST_TICKS)
    return [round(index * step, 3) for index in range(int(seconds / step + 1e-6) + 1)]


def clock(seconds: float, digits: int = 1) -> str:
    """0.4 s, 12 s or 1:05; below a minute with at most so many decimal places."""
    if seconds < 60:
        return f"{round(seconds, digits):g} s"
    return f"{int(seconds // 60)}:{int(seconds % 60):02d}"
