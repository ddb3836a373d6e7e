"""What decoding yields: frames of a picture, an animation or a video, with what is known of the whole."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]  # H x W x 3, RGB, upright


class MediaKind(StrEnum):
    """How a media moves."""

    IMAGE = "image"
    ANIMATION = "animation"
    VIDEO = "video"


@dataclass(frozen=True, eq=False)
class Frame:
    """One picture: ``image`` is uint8 H x W x 3 RGB, upright; ``seconds`` its time, None in a still."""

    image: Pixels
    seconds: float | None = None


@dataclass(frozen=True, eq=False)
class DecodedMedia:
    """A media ready to be judged.

    ``width`` and ``height`` are the upright size in pixels of the media itself; frames may be
    smaller (``scale`` below 1). ``seconds`` is the duration, None for a still picture. ``sha256`` is the
    lower-case hex digest of the bytes.
    """

    kind: MediaKind
    media_type: str
    width: int
    height: int
    frames: tuple[Frame, ...]
    sha256: str
    seconds: float | None = None

    @property
    def scale(self) -> float:
        """Pixels of a frame for one pixel of the media, at most 1."""
        return float(self.frames[0].image.shape[1] / self.width)

    @property
    def nbytes(self) -> int:
        """Memory that the frames hold, in bytes; batches are cut by it."""
        return sum(frame.image.nbytes for frame in self.frames)
