"""Chooses which packets of a video are decoded, and at which times frames are taken. Pure functions.

A short clip is decoded from its first to its last sample. That would take a minute of CPU time for 10 minutes
of 1080p, so of a longer video only the beginning of each group of pictures (a keyframe and the frames that
depend on it) is decoded, and the samples are spread over these beginnings.

Keyframes are preferred: they have the best quality, and a watermark survives in few others.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from inference.media.sampling import evenly_spaced

_ROUNDING = 1e-6  # seconds; times are sums and quotients of floats


@dataclass(frozen=True)
class PacketTime:
    """When the frame of a packet is shown, in seconds, and whether it can be decoded without others.

    ``start`` is None if the container does not say.
    """

    start: float | None
    duration: float
    keyframe: bool


@dataclass(frozen=True)
class Run:
    """Packets ``first`` to ``last`` (inclusive) are decoded; of their frames, those shown at ``times``."""

    first: int
    last: int
    times: tuple[float, ...]


def sample_times(seconds: float, count: int) -> tuple[float, ...]:
    """Return the middles of ``count`` equal parts of ``seconds``."""
    return tuple((index + 0.5) * seconds / count for index in range(count))


def prefer_keyframes(times: Sequence[float], keyframes: Sequence[float], part: float) -> tuple[float, ...]:
    """Return ``times``, each moved to the nearest of the ``keyframes`` (ascending) in its part.

    Times are the middles of parts of ``part`` seconds.
    """
    moved = []
    for time in times:
        begin = bisect_left(keyframes, time - part / 2 - _ROUNDING)
        end = bisect_left(keyframes, time + part / 2 - _ROUNDING)
        moved.append(min(keyframes[begin:end], key=lambda start: abs(start - time), default=time))
    return tuple(moved)


def timeline(packets: Sequence[PacketTime]) -> tuple[float, float]:
    """Return the start of the first frame and the duration, by the packets: headers may be wrong."""
    spans = [(packet.start, packet.duration) for packet in packets if packet.start is not None]
    if not spans:
        return 0.0, 0.0
    first = min(start for start, _ in spans)
    return first, max(start + duration for start, duration in spans) - first


def plan(packets: Sequence[PacketTime], max_samples: int, max_frames: int) -> list[Run]:
    """Return the runs of packets to decode, with at most ``max_samples`` times and ``max_frames`` packets.

    Empty if no packet has a time.
    """
    first, seconds = timeline(packets)
    timed = sum(packet.start is not None for packet in packets)
    if not timed:
        return []
    if len(packets) <= max_frames:
        count = min(timed, max_samples)
        times = [first + time for time in sample_times(seconds, count)]
        keyframes = sorted(packet.start for packet in packets if packet.keyframe and packet.start is not None)
        return [Run(0, len(packets) - 1, prefer_keyframes(times, keyframes, seconds / count))]
    groups = _groups(packets)
    chosen = [groups[index] for index in evenly_spaced(len(groups), min(max_samples, max(1, max_frames)))]
    return _beginnings(packets, chosen, max_samples, max_frames)


def _groups(packets: Sequence[PacketTime]) -> list[tuple[int, int]]:
    """Return the first and last index of each group of pictures; what precedes a keyframe is left out."""
    starts = [index for index, packet in enumerate(packets) if packet.keyframe] or [0]
    ends = [*(start - 1 for start in starts[1:]), len(packets) - 1]
    return list(zip(starts, ends, strict=True))


def _beginnings(
    packets: Sequence[PacketTime], groups: Sequence[tuple[int, int]], max_samples: int, max_frames: int
) -> list[Run]:
    """Return a run for the beginning of each group; long groups get more of the frames than short ones."""
    total = sum(last - first + 1 for first, last in groups)
    spare = max(0, max_frames - len(groups))  # each group has one frame at least
    runs = []
    for number, (first, last) in enumerate(groups):
        length = min(last - first + 1, 1 + spare * (last - first + 1) // total)
        samples = _share(max_samples, len(groups), number)
        times = sorted(
            start for packet in packets[first : first + length] if (start := packet.start) is not None
        )
        taken = [times[index] for index in evenly_spaced(len(times), samples)]
        if taken:
            taken[0] = times[0]  # the keyframe
            runs.append(Run(first, first + length - 1, tuple(taken)))
    return runs


def _share(total: int, parts: int, number: int) -> int:
    """Return how many of ``total`` things part ``number`` of ``parts`` gets, so that all are given out."""
    return (number + 1) * total // parts - number * total // parts
