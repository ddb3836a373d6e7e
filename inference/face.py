"""A face in a picture, as the finder reports it; knows no network, so that decisions need none."""

from dataclasses import dataclass

Box = tuple[float, float, float, float]
Point = tuple[float, float]


@dataclass(frozen=True)
class Face:
    """``box`` (x0, y0, x1, y1) in pixels; ``landmarks`` eyes, nose, mouth corners, left in the picture first.

    ``probability`` says how sure the finder is that it is a face, 0 to 1.
    """

    box: Box
    landmarks: tuple[Point, ...]
    probability: float

    @property
    def shorter_edge(self) -> float:
        """Of the box, in pixels."""
        return min(self.box[2] - self.box[0], self.box[3] - self.box[1])
