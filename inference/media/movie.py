"""MP4 and QuickTime movies: checks the sizes of the sample tables before FFmpeg builds an index from them.

A few bytes can state millions of samples, and FFmpeg takes time and memory for each (ISO/IEC 14496-12, 8.6 to
8.8).
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from inference.errors import Unprocessable
from inference.media.decoded import DecodedFrames
from inference.media.iso_boxes import MAX_BOXES, boxes
from inference.media.limits import MediaLimits
from inference.media.video import decode_video
from schemas.verdicts import UnprocessableReason

_CONTAINERS = frozenset({b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts", b"moof", b"traf"})
_MAX_DEPTH = 8  # moov > trak > mdia > minf > stbl is the deepest path that matters
_MAX_EDITS = 1_000  # editors write fewer than ten
_MAX_EDIT_WORK = 10_000_000  # edits times samples: FFmpeg searches all samples for each edit
_TRACKS = 4  # whose samples may together fill the fragments of a movie


@dataclass(frozen=True)
class _Table:
    """What one track states, or all fragments together."""

    samples: int = 0
    durations: int = 0  # samples in the table of durations
    edits: int = 0


def decode_movie(data: bytes, limits: MediaLimits) -> DecodedFrames:
    """Decode a movie; raise the same refusals as :func:`inference.media.video.decode_video`."""
    _check_tables(data, limits)
    return decode_video(data, limits, demuxer="mov", has_table=True)


def _check_tables(data: bytes, limits: MediaLimits) -> None:
    track, fragments = _Table(), 0
    for number, (box_type, content) in enumerate(_walk(data, 0, len(data))):
        _check(number, MAX_BOXES, "boxes")
        if box_type == b"trak":
            track = _Table()
        elif box_type == b"trun":
            fragments += _count(content, 4)
            _check(fragments, _TRACKS * limits.max_samples, "samples in fragments")
        else:
            track = _with_table(track, box_type, content, len(data), limits)
            _check(track.durations, max(limits.max_samples, track.samples), "durations in a track")
            _check(track.edits, _MAX_EDITS, "edits in a track")
            _check(track.edits * track.samples, _MAX_EDIT_WORK, "edits times samples in a track")


def _with_table(
    track: _Table, box_type: bytes, content: memoryview, file_size: int, limits: MediaLimits
) -> _Table:
    if box_type == b"stsz":
        size, samples = _count(content, 4), _count(content, 8)
        # Samples of uncompressed sound are counted one by one, and each takes its bytes of the file.
        allowed = max(limits.max_samples, file_size // size if size else 0)
        _check(samples, allowed, "samples in a track")
        return replace(track, samples=samples)
    if box_type == b"stz2":
        _check(_count(content, 8), limits.max_samples, "samples in a track")
        return replace(track, samples=_count(content, 8))
    if box_type in (b"stts", b"ctts"):
        return replace(track, durations=max(track.durations, _sum_of_runs(content)))
    if box_type == b"elst":
        return replace(track, edits=_count(content, 4))
    return track


def _walk(data: bytes, start: int, end: int, depth: int = 0) -> Iterator[tuple[bytes, memoryview]]:
    """Yield type and content of each box that a movie's index is made of, each before the boxes in it."""
    for _, content, box_end, box_type in boxes(data, start, end):
        yield box_type, memoryview(data)[content : min(box_end, end)]
        if box_type in _CONTAINERS and depth < _MAX_DEPTH:
            yield from _walk(data, content, min(box_end, end), depth + 1)


def _count(content: memoryview, offset: int) -> int:
    """Return the 32-bit number at ``offset``; 0 if the box ends before it."""
    if len(content) < offset + 4:
        return 0
    return int(struct.unpack_from(">I", content, offset)[0])


def _sum_of_runs(content: memoryview) -> int:
    """Return the samples in a table of (count, value) pairs."""
    pairs = min(_count(content, 4), (len(content) - 8) // 8)
    if pairs <= 0:
        return 0
    return int(np.frombuffer(content, dtype=">u4", count=2 * pairs, offset=8)[::2].sum(dtype=np.uint64))


def _check(number: int, limit: int, what: str) -> None:
    if number > limit:
        raise Unprocessable(
            UnprocessableReason.TOO_LONG, f"the file states {number} {what}; the limit is {limit}"
        )
