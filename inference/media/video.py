"""Videos to upright RGB frames spread evenly over time, by PyAV (FFmpeg).

Frames are decoded in order: seeking lands on keyframes, of which ten seconds of H.264 have about two.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass

import av
import av.error
import cv2
import numpy as np

from inference.errors import Unprocessable
from inference.media.decoded import Frame, Pixels
from inference.media.limits import MediaLimits
from schemas.verdicts import UnprocessableReason

_QUARTER_TURNS = {90: cv2.ROTATE_90_COUNTERCLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_CLOCKWISE}


@dataclass(frozen=True, eq=False)
class DecodedVideo:
    """Upright size in pixels, duration in seconds, and the frames taken."""

    width: int
    height: int
    seconds: float
    frames: tuple[Frame, ...]


def decode_video(data: bytes, limits: MediaLimits) -> DecodedVideo:
    """Up to ``limits.max_frames`` frames in the middles of equal parts of the time.

    Raises :class:`Unprocessable`: ``too_many_pixels``, ``too_long``, ``truncated``, ``undecodable``.
    """
    try:
        with av.open(io.BytesIO(data), mode="r") as container:
            return _decode(container, limits)
    except av.error.EOFError as error:
        raise Unprocessable(UnprocessableReason.TRUNCATED, str(error)) from error
    except (av.error.FFmpegError, ValueError) as error:
        raise Unprocessable(UnprocessableReason.UNDECODABLE, str(error)) from error


def _decode(container: av.container.InputContainer, limits: MediaLimits) -> DecodedVideo:
    if not container.streams.video:
        raise Unprocessable(UnprocessableReason.UNDECODABLE, "there is no video stream in it")
    stream = container.streams.video[0]
    limits.check_pixels(stream.codec_context.width, stream.codec_context.height)
    starts, seconds = _timeline(container, stream)
    limits.check_seconds(seconds)
    container.seek(0)
    stream.thread_type = "AUTO"
    first = min(starts, default=0.0)
    targets = [first + target for target in targets_in(seconds, min(len(starts), limits.max_frames))]
    taken = list(_nearest_after(container.decode(stream), targets))
    if not taken:
        raise Unprocessable(UnprocessableReason.UNDECODABLE, "no frame of it can be decoded")
    frames = tuple(_to_frame(frame, first, limits) for frame in taken)
    width, height = _upright_size(taken[0])
    return DecodedVideo(width, height, seconds, frames)


def targets_in(seconds: float, count: int) -> tuple[float, ...]:
    """The middles of ``count`` equal parts of ``seconds``."""
    return tuple((index + 0.5) * seconds / count for index in range(count))


def _timeline(
    container: av.container.InputContainer, stream: av.VideoStream
) -> tuple[tuple[float, ...], float]:
    """Times of all frames and the duration, read from the packets: headers may lack it or lie."""
    tick = float(stream.time_base or 0)
    spans = [(p.pts * tick, (p.duration or 0) * tick) for p in container.demux(stream) if p.pts is not None]
    if not spans:
        return (), 0.0
    starts = tuple(start for start, _ in spans)
    return starts, max(start + shown for start, shown in spans) - min(starts)


def _nearest_after(frames: Iterator[av.VideoFrame], targets: list[float]) -> Iterator[av.VideoFrame]:
    """For each target time the first frame that is still shown then; each frame at most once."""
    waiting = iter(targets)
    target = next(waiting, None)
    previous: av.VideoFrame | None = None
    for frame in frames:
        if target is None:
            return
        if frame.time is not None and frame.time > target and previous is not None:
            yield previous
            while target is not None and target < frame.time:
                target = next(waiting, None)
        previous = frame
    if target is not None and previous is not None:
        yield previous


def _to_frame(frame: av.VideoFrame, start: float, limits: MediaLimits) -> Frame:
    limits.check_pixels(frame.width, frame.height)  # the stream may change its size on the way
    shrink = min(1.0, limits.max_frame_side / max(frame.width, frame.height))
    small = frame.reformat(
        width=max(1, round(frame.width * shrink)),
        height=max(1, round(frame.height * shrink)),
        format="rgb24",
        interpolation="AREA",
    )
    pixels = np.asarray(small.to_ndarray(), dtype=np.uint8)
    return Frame(_upright(pixels, frame.rotation), max(0.0, (frame.time or 0.0) - start))


def _upright(image: Pixels, rotation: int) -> Pixels:
    """``rotation`` is counter-clockwise, in degrees, as FFmpeg reads it from the display matrix."""
    turn = _QUARTER_TURNS.get(rotation % 360)
    return image if turn is None else np.asarray(cv2.rotate(image, turn), dtype=np.uint8)


def _upright_size(frame: av.VideoFrame) -> tuple[int, int]:
    sideways = frame.rotation % 180 == 90
    return (frame.height, frame.width) if sideways else (frame.width, frame.height)
