"""Writes a marked copy of a local video: H.264 in MP4, with the audio as it is."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from functools import partial
from itertools import tee
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.video.stream import VideoStream

from inference.media.decoded import Pixels
from inference.media.video import upright
from inference.watermark.embedding import SMALLEST, embed_in_frames
from pipeline.errors import PipelineError

CRF = "18"  # hardly visible loss; others will encode the video again
KEYFRAME_SECONDS = 1  # the mark is read from keyframes, and two seconds must be enough
_DEFAULT_RATE = Fraction(25)

Packets = list["av.Packet[Any]"]
Mark = Callable[[Iterable[Pixels]], Iterator[Pixels]]
Progress = Callable[[int, int], None]  # frames so far, and of all by the file's header, 0 if it does not say


class VideoMarkError(PipelineError):
    """A video cannot be marked; the message says why."""


def mark_video(
    source: Path, target: Path, payload: int, key: bytes, *, psnr: float | None, progress: Progress
) -> None:
    """Write the marked copy; raise :class:`VideoMarkError`. An incomplete copy is removed."""
    mark = partial(embed_in_frames, payload=payload, key=key, psnr=psnr)
    try:
        with av.open(str(source)) as opened, av.open(str(target), "w", format="mp4") as written:
            _write(opened, written, mark, progress)
    except (av.FFmpegError, OSError, VideoMarkError) as error:
        target.unlink(missing_ok=True)
        detail = error if isinstance(error, VideoMarkError) else error.strerror or error
        raise VideoMarkError(f"cannot mark {source}: {detail}") from error


def _write(opened: InputContainer, written: OutputContainer, mark: Mark, progress: Progress) -> None:
    if not opened.streams.video:
        raise VideoMarkError("it has no video")
    video = opened.streams.video[0]
    video.thread_type = "AUTO"
    audio: Packets = []  # not written yet: the encoder must be there first
    copies = {stream.index: written.add_stream_from_template(stream) for stream in opened.streams.audio}
    frames, others = tee(_frames(opened, video, audio))
    encoder: VideoStream | None = None
    marked = mark(_image(frame) for frame in others)
    for number, (frame, image) in enumerate(zip(frames, marked, strict=True), start=1):
        encoder = encoder or _encoder(written, image, video.average_rate or _DEFAULT_RATE)
        encoded = av.VideoFrame.from_ndarray(image[: encoder.height, : encoder.width], format="rgb24")
        encoded.pts, encoded.time_base = frame.pts, frame.time_base
        written.mux(encoder.encode(encoded))
        _copy(audio, copies, written)
        progress(number, video.frames)
    if encoder is None:
        raise VideoMarkError("it has no frame that can be decoded")
    written.mux(encoder.encode(None))
    _copy(audio, copies, written)


def _encoder(written: OutputContainer, image: Pixels, rate: Fraction) -> VideoStream:
    """Return the encoder for frames like this one."""
    height, width = image.shape[:2]
    if min(height, width) < SMALLEST:
        raise VideoMarkError(f"it has {width} x {height} pixels, and a mark needs {SMALLEST} each way")
    stream = written.add_stream("libx264", rate=rate, options={"crf": CRF})
    stream.width, stream.height, stream.pix_fmt = width // 2 * 2, height // 2 * 2, "yuv420p"
    stream.gop_size = max(1, round(rate * KEYFRAME_SECONDS))
    return stream


def _frames(opened: InputContainer, video: VideoStream, audio: Packets) -> Iterator[av.VideoFrame]:
    """Yield the frames of the video; packets of the audio between them are added to ``audio``."""
    for packet in opened.demux(video, *opened.streams.audio):
        if packet.stream_index == video.index:
            yield from packet.decode()  # type: ignore[misc]  # of a video stream
        elif packet.dts is not None:
            audio.append(packet)


def _copy(audio: Packets, copies: Mapping[int, AudioStream], written: OutputContainer) -> None:
    for packet in audio:
        packet.stream = copies[packet.stream_index]
        written.mux(packet)
    audio.clear()


def _image(frame: av.VideoFrame) -> Pixels:
    return upright(np.asarray(frame.to_ndarray(format="rgb24"), np.uint8), frame.rotation)
