"""Decode videos with PyAV (FFmpeg) to upright RGB frames, sampled evenly over time.

Frames are decoded in order: seeking reaches keyframes only, and ten seconds of H.264 have about two.
"""

import io
from collections.abc import Iterator

import av
import av.error
import cv2
import numpy as np

from inference.errors import Unprocessable
from inference.media.decoded import DecodedFrames, Frame, Pixels
from inference.media.limits import MediaLimits
from schemas.verdicts import UnprocessableReason

_QUARTER_TURNS = {90: cv2.ROTATE_90_COUNTERCLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_CLOCKWISE}


def decode_video(data: bytes, limits: MediaLimits) -> DecodedFrames:
    """Return up to ``limits.max_frames`` frames, from the middles of equal parts of the duration.

    Raise :class:`Unprocessable` with ``too_many_pixels``, ``too_long``, ``truncated`` or ``undecodable``.
    """
    try:
        with av.open(io.BytesIO(data), mode="r") as container:
            return _decode(container, limits)
    except av.error.EOFError as error:
        raise Unprocessable(UnprocessableReason.TRUNCATED, str(error)) from error
    except (av.error.FFmpegError, ValueError) as error:
        raise Unprocessable(UnprocessableReason.UNDECODABLE, str(error)) from error


def _decode(container: av.container.InputContainer, limits: MediaLimits) -> DecodedFrames:
    if not container.streams.video:
        raise Unprocessable(UnprocessableReason.UNDECODABLE, "the file has no video stream")
    stream = container.streams.video[0]
    limits.check_pixels(stream.codec_context.width, stream.codec_context.height)
    starts, seconds = _timeline(container, stream)
    limits.check_seconds(seconds)
    container.seek(0)
    stream.thread_type = "AUTO"
    first = min(starts, default=0.0)
    times = [first + time for time in sample_times(seconds, min(len(starts), limits.max_frames))]
    sampled = list(_frames_at(container.decode(stream), times))
    if not sampled:
        raise Unprocessable(UnprocessableReason.UNDECODABLE, "no frame of the video can be decoded")
    frames = tuple(_to_frame(frame, first, limits) for frame in sampled)
    width, height = _upright_size(sampled[0])
    return DecodedFrames(width, height, frames, seconds)


def sample_times(seconds: float, count: int) -> tuple[float, ...]:
    """Return the middles of ``count`` equal parts of ``seconds``."""
    return tuple((index + 0.5) * seconds / count for index in range(count))


def _timeline(
    container: av.container.InputContainer, stream: av.VideoStream
) -> tuple[tuple[float, ...], float]:
    """Return the start times of all frames and the duration, by the packets: headers may be wrong."""
    tick = float(stream.time_base or 0)
    spans = [
        (packet.pts * tick, (packet.duration or 0) * tick)
        for packet in container.demux(stream)
        if packet.pts is not None
    ]
    if not spans:
        return (), 0.0
    starts = tuple(start for start, _ in spans)
    return starts, max(start + duration for start, duration in spans) - min(starts)


def _frames_at(frames: Iterator[av.VideoFrame], times: list[float]) -> Iterator[av.VideoFrame]:
    """Yield the frame that is shown at each of the ascending times; each frame at most once."""
    remaining = iter(times)
    time = next(remaining, None)
    previous: av.VideoFrame | None = None
    for frame in frames:
        if time is None:
            return
        if frame.time is not None and frame.time > time and previous is not None:
            yield previous
            while time is not None and time < frame.time:
                time = next(remaining, None)
        previous = frame
    if time is not None and previous is not None:
        yield previous


def _to_frame(frame: av.VideoFrame, start: float, limits: MediaLimits) -> Frame:
    limits.check_pixels(frame.width, frame.height)  # a stream may change its size between frames
    scale = min(1.0, limits.max_frame_side / max(frame.width, frame.height))
    reduced = frame.reformat(
        width=max(1, round(frame.width * scale)),
        height=max(1, round(frame.height * scale)),
        format="rgb24",
        interpolation="AREA",
    )
    pixels = np.asarray(reduced.to_ndarray(), dtype=np.uint8)
    return Frame(_upright(pixels, frame.rotation), max(0.0, (frame.time or 0.0) - start))


def _upright(image: Pixels, rotation: int) -> Pixels:
    """Turn the picture by ``rotation`` degrees counter-clockwise, as FFmpeg states it."""
    turn = _QUARTER_TURNS.get(rotation % 360)
    return image if turn is None else np.asarray(cv2.rotate(image, turn), dtype=np.uint8)


def _upright_size(frame: av.VideoFrame) -> tuple[int, int]:
    sideways = frame.rotation % 180 == 90
    return (frame.height, frame.width) if sideways else (frame.width, frame.height)
