"""A face in a picture, as the face detector reports it."""

from dataclasses import dataclass

Box = tuple[float, float, float, float]
Point = tuple[float, float]


@dataclass(frozen=True)
class Face:
    """Box, landmarks and confidence of a face.

    ``box`` is (x0, y0, x1, y1) in pixels. ``landmarks`` are eyes, nose and mouth corners; of a pair, the one
    further left in the picture comes first. ``probability`` is the face detector's confidence, 0 to 1.
    """

    box: Box
    landmarks: tuple[Point, ...]
    probability: float

    @property
    def shorter_edge(self) -> float:
        """The shorter edge of the box, in pixels."""
        return min(self.box[2] - self.box[0], self.box[3] - self.box[1])
