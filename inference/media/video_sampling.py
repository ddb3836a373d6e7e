"""Chooses which packets of a video are decoded, and at which times frames are taken. Pure functions.

A short clip is decoded from its first to its last sample. That would take a minute of CPU time for 10 minutes
of 1080p, so of a longer video only the beginning of each group of pictures (a keyframe and the frames that
depend on it) is decoded, and the samples are spread over these beginnings.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from inference.media.sampling import evenly_spaced


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
        times = sample_times(seconds, min(timed, max_samples))
        return [Run(0, len(packets) - 1, tuple(first + time for time in times))]
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
        taken = tuple(times[index] for index in evenly_spaced(len(times), samples))
        if taken:
            runs.append(Run(first, first + length - 1, taken))
    return runs


def _share(total: int, parts: int, number: int) -> int:
    """Return how many of ``total`` things part ``number`` of ``parts`` gets, so that all are given out."""
    return (number + 1) * total // parts - number * total // parts
