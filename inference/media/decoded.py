"""The result of decoding: frames of a picture, an animation or a video, and facts about the media item."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]  # H x W x 3, RGB, upright


class MediaKind(StrEnum):
    """Whether a media item is still, animated or a video."""

    IMAGE = "image"
    ANIMATION = "animation"
    VIDEO = "video"


@dataclass(frozen=True, eq=False)
class Frame:
    """One picture: ``image`` is uint8 H x W x 3 RGB, upright; ``seconds`` its time, None in a still.

    ``keyframe`` tells whether it was encoded without reference to other frames.
    """

    image: Pixels
    seconds: float | None = None
    keyframe: bool = True


@dataclass(frozen=True, eq=False)
class DecodedFrames:
    """What the decoder of a format returns.

    ``width`` and ``height`` are the upright size in pixels before frames were reduced. ``seconds`` is the
    duration, None for a still picture. ``decoded_share`` is the part of what a viewer would
    see that could be decoded, from 0 to 1; ``fault`` says what could not.
    """

    width: int
    height: int
    frames: tuple[Frame, ...]
    seconds: float | None = None
    decoded_share: float = 1.0
    fault: str = ""


@dataclass(frozen=True, eq=False)
class DecodedMedia:
    """A decoded media item, ready for analysis.

    ``width`` and ``height`` are the upright size of the media item in pixels; frames may be smaller
    (``scale`` below 1). ``seconds`` is the duration, None for a still picture. ``sha256`` is the
    lower-case hex digest of the bytes. ``decoded_share`` is the part of what a viewer would
    see that could be decoded, from 0 to 1; ``fault`` says what could not.
    """

    kind: MediaKind
    media_type: str
    width: int
    height: int
    frames: tuple[Frame, ...]
    sha256: str
    seconds: float | None = None
    decoded_share: float = 1.0
    fault: str = ""

    @property
    def scale(self) -> float:
        """Pixels of a frame for one pixel of the media item, at most 1."""
        return float(self.frames[0].image.shape[1] / self.width)

    @property
    def nbytes(self) -> int:
        """Memory of the frames in bytes, which limits the size of a batch."""
        return sum(frame.image.nbytes for frame in self.frames)
