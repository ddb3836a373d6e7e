"""Decodes videos with PyAV (FFmpeg) to upright RGB frames, sampled evenly over time.

Frames are decoded in order from a keyframe on: seeking reaches keyframes only, and ten seconds of H.264 have
about two.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import av
import cv2
import numpy as np
from av.video.reformatter import VideoReformatter

from inference.errors import Unprocessable
from inference.media.decoded import DecodedFrames, Frame, Pixels
from inference.media.limits import MediaLimits
from inference.media.video_sampling import PacketTime, Run, plan, timeline
from inference.media.video_tracks import open_container, shown_track
from schemas.verdicts import UnprocessableReason

_QUARTER_TURNS = {90: cv2.ROTATE_90_COUNTERCLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_CLOCKWISE}
_THREADS = 2  # each holds a frame; media items are decoded side by side anyway


def decode_video(data: bytes, limits: MediaLimits, *, demuxer: str, has_table: bool = False) -> DecodedFrames:
    """Return up to ``limits.max_frames`` frames, evenly over the duration.

    ``demuxer`` is FFmpeg's name of the container; ``has_table`` tells whether the container lists its frames
    in a table. Raise :class:`Unprocessable` with ``too_many_pixels``,
    ``too_long``, ``truncated`` or ``undecodable``.
    """
    with open_container(data, demuxer, limits) as container:
        track = shown_track(container)
        limits.check_pixels(track.codec_context.width, track.codec_context.height)
        packets = _packet_times(container, track, limits)
        stated = (container.duration or 0) / av.time_base
    first, seconds = timeline(packets)
    limits.check_seconds(seconds)
    with open_container(data, demuxer, limits) as container:
        track = shown_track(container)
        pixels = max(1, track.codec_context.width * track.codec_context.height)
        runs = plan(packets, limits.max_frames, limits.max_decoded_pixels // pixels)
        content = _decode(container, track, runs, limits, start=first, seconds=seconds)
    return content if has_table else _without_lost_packets(content, stated)


def _without_lost_packets(content: DecodedFrames, stated_seconds: float) -> DecodedFrames:
    """Count the time for which a container states a duration and has no frames as not decoded.

    Where a container has no table of its frames, damaged ones are simply not found.
    """
    share = (content.seconds or 0.0) / stated_seconds if stated_seconds > 0 else 1.0
    if share >= content.decoded_share:
        return content
    fault = f"the frames end after {content.seconds:.1f} of {stated_seconds:.1f} s"
    return replace(content, decoded_share=share, fault=content.fault or fault)


def _packet_times(
    container: av.container.InputContainer, track: av.VideoStream, limits: MediaLimits
) -> list[PacketTime]:
    tick = float(track.time_base or Fraction(0))
    packets: list[PacketTime] = []
    for packet in container.demux(track):
        if packet.size == 0:  # the end of the stream
            continue
        limits.check_samples(len(packets) + 1)
        start = None if packet.pts is None else packet.pts * tick
        packets.append(PacketTime(start, (packet.duration or 0) * tick, bool(packet.is_keyframe)))
    return packets


def _decode(
    container: av.container.InputContainer,
    track: av.VideoStream,
    runs: Sequence[Run],
    limits: MediaLimits,
    *,
    start: float,
    seconds: float,
) -> DecodedFrames:
    track.codec_context.thread_count = _THREADS
    track.thread_type = "AUTO"
    converter = _Converter(limits, start)
    decoder = _RunDecoder(container, track)
    frames = [converter.convert(*shown) for run in runs for shown in decoder.frames(run)]
    if not frames:
        detail = decoder.fault or "no frame of the video can be decoded"
        raise Unprocessable(UnprocessableReason.UNDECODABLE, detail)
    wanted = sum(len(run.times) for run in runs)
    return DecodedFrames(
        *converter.size,
        tuple(frames),
        seconds,
        decoded_share=min(1.0, (len(frames) - converter.corrupt) / wanted),
        fault=decoder.fault or converter.fault,
    )


_Shown = tuple[av.VideoFrame, float | None]  # a frame and its time in seconds


class _RunDecoder:
    """Decodes runs of packets, in ascending order, and goes on after packets that cannot be decoded."""

    def __init__(self, container: av.container.InputContainer, track: av.VideoStream) -> None:
        self._context = track.codec_context
        self._tick = float(track.time_base or Fraction(0))
        self._packets = enumerate(packet for packet in container.demux(track) if packet.size > 0)
        self.fault = ""  # of the first packet that could not be decoded

    def frames(self, run: Run) -> Iterator[_Shown]:
        """Yield the frame that is shown at each time of ``run``; each frame at most once."""
        yield from _shown_at(self._decode(run), run.times)

    def _decode(self, run: Run) -> Iterator[_Shown]:
        for index, packet in self._packets:
            if index >= run.first:
                yield from self._decode_packet(packet, index)
            if index >= run.last:
                break
        yield from self._decode_packet(None, run.last)  # what the decoder still holds
        self._context.flush_buffers()

    def _decode_packet(self, packet: "av.Packet[Any] | None", index: int) -> Iterator[_Shown]:
        try:
            for frame in self._context.decode(packet):
                yield frame, None if frame.pts is None else frame.pts * self._tick
        except av.error.FFmpegError as error:
            self.fault = self.fault or f"frame {index} cannot be decoded: {error.strerror}"


def _shown_at(frames: Iterator[_Shown], times: Sequence[float]) -> Iterator[_Shown]:
    """Yield the frame that is shown at each of the ascending times; each frame at most once."""
    remaining = iter(times)
    time = next(remaining, None)
    previous: _Shown | None = None
    for frame, start in frames:
        if time is None:
            continue  # the decoder is emptied, so that it can go on elsewhere
        if start is not None and start > time and previous is not None:
            yield previous
            while time is not None and time < start:
                time = next(remaining, None)
        previous = frame, start
    if time is not None and previous is not None:
        yield previous


class _Converter:
    """Converts frames to upright RGB of one size: that of the first frame, as players show them.

    A stream may change its size between frames, and boxes are in pixels of the media item.
    """

    def __init__(self, limits: MediaLimits, start: float) -> None:
        self._limits = limits
        self._start = start
        self._reformatter = VideoReformatter()
        self._first: av.VideoFrame | None = None
        self.corrupt = 0  # frames with visible errors, by the decoder's own account
        self.fault = ""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the media item in pixels, upright."""
        assert self._first is not None  # asked after a frame was converted
        width, height = self._first.width, self._first.height
        return (height, width) if self._first.rotation % 180 == 90 else (width, height)

    def convert(self, frame: av.VideoFrame, seconds: float | None) -> Frame:
        """Return the frame, shown at ``seconds``, with a longer side of at most ``max_frame_side``."""
        self._limits.check_pixels(frame.width, frame.height)
        self._first = self._first or frame
        if frame.is_corrupt:
            self.corrupt += 1
            self.fault = self.fault or f"the frame at {seconds or 0.0:.1f} s is damaged"
        width, height = self._first.width, self._first.height
        scale = min(1.0, self._limits.max_frame_side / max(width, height))
        reduced = self._reformatter.reformat(
            frame,
            width=max(1, round(width * scale)),
            height=max(1, round(height * scale)),
            format="rgb24",
            interpolation="AREA",
            threads=1,
        )
        pixels = np.asarray(reduced.to_ndarray(), dtype=np.uint8)
        time = max(0.0, (seconds or 0.0) - self._start)
        return Frame(upright(pixels, self._first.rotation), time, bool(frame.key_frame))


def upright(image: Pixels, rotation: int) -> Pixels:
    """Turn the picture by ``rotation`` degrees counter-clockwise, as FFmpeg states it."""
    turn = _QUARTER_TURNS.get(rotation % 360)
    return image if turn is None else np.asarray(cv2.rotate(image, turn), dtype=np.uint8)
