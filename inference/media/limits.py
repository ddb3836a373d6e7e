"""Upper bounds on the media that FakeME decodes, and the checks made before decoding."""

from dataclasses import dataclass

from inference.errors import Unprocessable
from schemas.verdicts import UnprocessableReason


@dataclass(frozen=True)
class MediaLimits:
    """Upper bounds on a media item; each is checked against its header, before pixels are decoded."""

    max_bytes: int = 200_000_000  # 10 minutes of 1080p, re-encoded by a platform, are about 150 MB
    max_pixels: int = 50_000_000  # a decoded 50 MP photo takes 150 MB
    max_seconds: float = 600.0  # one second of 1080p takes 0.1 s to decode in order on one core
    max_frames: int = 32  # frames scored of a video or animation, as the winner of the DFDC did
    max_frame_side: int = 1280  # longer side kept of a video or animation frame: 32 take less than 90 MB
    max_picture_side: int = 4096  # longer side kept of a still: a phone's 12 MP stay as they are, 38 MB
    max_side: int = 40_000  # pixels: panoramas of phones are below 30,000
    max_animation_pixels: int = 200_000_000  # over all frames that are decoded: 2 s on one core
    max_canvas_pixels: int = 16_800_000  # of an animation: four canvases of 4 bytes a pixel are 270 MB
    max_animation_frames: int = 10_000  # decoded of an animation, however small: half a second
    max_scan_pixels: int = 2_000_000_000  # of a JPEG, pixels times scans: about 4 s
    max_decoded_pixels: int = 1_200_000_000  # of a video, over all frames: 600 of 1080p, 2 s on one core
    max_samples: int = 200_000  # packets of a video: half an hour at 120 frames a second

    def check_bytes(self, size: int) -> None:
        """Raise :class:`Unprocessable` with ``empty`` or ``too_large``."""
        if size == 0:
            raise Unprocessable(UnprocessableReason.EMPTY, "the file has zero bytes")
        if size > self.max_bytes:
            raise Unprocessable(
                UnprocessableReason.TOO_LARGE, f"the file has {size} bytes; the limit is {self.max_bytes}"
            )

    def check_pixels(self, width: int, height: int) -> None:
        """Raise :class:`Unprocessable` with ``too_many_pixels``, or ``undecodable`` for an empty picture."""
        if width < 1 or height < 1:
            raise Unprocessable(UnprocessableReason.UNDECODABLE, f"the header states {width}x{height} pixels")
        if max(width, height) > self.max_side:
            raise Unprocessable(
                UnprocessableReason.TOO_MANY_PIXELS,
                f"the picture has {width}x{height} pixels; the limit of a side is {self.max_side}",
            )
        if width * height > self.max_pixels:
            raise Unprocessable(
                UnprocessableReason.TOO_MANY_PIXELS,
                f"the picture has {width}x{height} pixels; the limit is {self.max_pixels} pixels",
            )

    def check_canvas(self, width: int, height: int) -> None:
        """Raise :class:`Unprocessable` with ``too_many_pixels`` for an animation of this size."""
        self.check_pixels(width, height)
        if width * height > self.max_canvas_pixels:
            raise Unprocessable(
                UnprocessableReason.TOO_MANY_PIXELS,
                f"the animation has {width}x{height} pixels; the limit is {self.max_canvas_pixels} pixels",
            )

    def animation_frames(self, width: int, height: int) -> int:
        """Return how many frames of this size are decoded of an animation, at least 1."""
        return min(self.max_animation_frames, max(1, self.max_animation_pixels // (width * height)))

    def check_scans(self, width: int, height: int, scans: int) -> None:
        """Raise :class:`Unprocessable` with ``too_many_pixels``: each scan is a pass over the picture."""
        if width * height * scans > self.max_scan_pixels:
            raise Unprocessable(
                UnprocessableReason.TOO_MANY_PIXELS,
                f"{scans} scans of {width}x{height} pixels; the limit is {self.max_scan_pixels} together",
            )

    def check_samples(self, samples: int) -> None:
        """Raise :class:`Unprocessable` with ``too_long``."""
        if samples > self.max_samples:
            raise Unprocessable(
                UnprocessableReason.TOO_LONG, f"the video has more than {self.max_samples} frames, the limit"
            )

    def check_seconds(self, seconds: float) -> None:
        """Raise :class:`Unprocessable` with ``too_long``."""
        if seconds > self.max_seconds:
            raise Unprocessable(
                UnprocessableReason.TOO_LONG,
                f"the video lasts {seconds:.1f} s; the limit is {self.max_seconds:.0f} s",
            )
