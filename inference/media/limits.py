"""How much of a media we are willing to decode, and the checks that are made before decoding it."""

from dataclasses import dataclass

from inference.errors import Unprocessable
from schemas.verdicts import UnprocessableReason


@dataclass(frozen=True)
class MediaLimits:
    """Upper bounds; each is checked on what the header says, before pixels are decoded."""

    max_bytes: int = 200_000_000  # 10 minutes of 1080p as platforms re-encode it is about 150 MB
    max_pixels: int = 50_000_000  # a 50 MP photo is 150 MB decoded; above that we refuse
    max_seconds: float = 600.0  # decoding in order takes 0.1 s a second of 1080p on one core
    max_frames: int = 32  # frames judged of a video or animation; the DFDC winner's number
    max_frame_side: int = 1280  # longer side kept of a frame that moves: 32 frames stay below 90 MB
    max_picture_side: int = 4096  # longer side kept of a still: a phone's 12 MP as they are, 38 MB
    max_animation_pixels: int = (
        2_000_000_000  # over all frames; they are decoded one after another, about 20 s
    )

    def check_bytes(self, size: int) -> None:
        """Raises :class:`Unprocessable` with ``empty`` or ``too_large``."""
        if size == 0:
            raise Unprocessable(UnprocessableReason.EMPTY, "the file has zero bytes")
        if size > self.max_bytes:
            raise Unprocessable(
                UnprocessableReason.TOO_LARGE, f"{size} bytes; at most {self.max_bytes} are read"
            )

    def check_pixels(self, width: int, height: int) -> None:
        """Raises :class:`Unprocessable` with ``too_many_pixels``, or ``undecodable`` for an empty picture."""
        if width < 1 or height < 1:
            raise Unprocessable(UnprocessableReason.UNDECODABLE, f"the header says {width}x{height} pixels")
        if width * height > self.max_pixels:
            raise Unprocessable(
                UnprocessableReason.TOO_MANY_PIXELS,
                f"{width}x{height} pixels; at most {self.max_pixels} are decoded",
            )

    def check_animation(self, width: int, height: int, frames: int) -> None:
        """Raises :class:`Unprocessable` with ``too_many_pixels`` for all frames together."""
        if width * height * frames > self.max_animation_pixels:
            raise Unprocessable(
                UnprocessableReason.TOO_MANY_PIXELS,
                f"{frames} frames of {width}x{height}; at most {self.max_animation_pixels} pixels together",
            )

    def check_seconds(self, seconds: float) -> None:
        """Raises :class:`Unprocessable` with ``too_long``."""
        if seconds > self.max_seconds:
            raise Unprocessable(
                UnprocessableReason.TOO_LONG, f"{seconds:.1f} s; at most {self.max_seconds:.0f} s are read"
            )
