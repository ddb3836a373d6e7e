"""Whether a container is all there, by the sizes it states of itself; pixels are left to the decoders.

Decoders hide missing ends (a video just stops, a picture's rest is grey), so the stated sizes are checked.
"""

import struct
from collections.abc import Iterator

from inference.errors import Unprocessable
from inference.media import sniff
from schemas.verdicts import UnprocessableReason

_ISO_TYPES = frozenset({sniff.MP4, sniff.QUICKTIME, sniff.HEIC, sniff.AVIF})
_SEGMENT = b"\x18\x53\x80\x67"  # Matroska's Segment element, which holds everything after the EBML header


def check_complete(data: bytes, media_type: str) -> None:
    """Raises :class:`Unprocessable` with ``truncated`` when ``data`` ends before its container says."""
    fault = None
    if media_type in _ISO_TYPES:
        fault = _iso_fault(data, needs_moov=media_type in sniff.VIDEO_TYPES)
    elif media_type in sniff.VIDEO_TYPES:
        fault = _matroska_fault(data)
    elif media_type == sniff.WEBP:
        fault = _riff_fault(data)
    elif media_type == sniff.PNG and b"IEND" not in data[-4096:] and b"IEND" not in data:
        fault = "the end chunk IEND is missing"
    if fault:
        raise Unprocessable(UnprocessableReason.TRUNCATED, fault)


def _iso_fault(data: bytes, *, needs_moov: bool) -> str | None:
    """ISO/IEC 14496-12, 4.2: a file is a row of boxes, each with its size."""
    seen: set[bytes] = set()
    for start, size, kind in _boxes(data):
        complete = not needs_moov or b"moov" in seen
        if not kind.isascii() and complete:
            return None  # something appended behind a whole file
        if start + size > len(data):
            return f"box {_name(kind)} has {size} bytes, {len(data) - start} are there"
        seen.add(kind)
    if needs_moov and b"moov" not in seen:
        return "the index (box moov) is missing"
    return None


def _boxes(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """(offset, size, type) of each box; a size of 0 in the file means up to its end."""
    start = 0
    while start + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, start)
        if size == 1 and start + 16 <= len(data):
            (size,) = struct.unpack_from(">Q", data, start + 8)
        elif size == 0:
            size = len(data) - start
        yield start, size, kind
        start += max(size, 8)


def _riff_fault(data: bytes) -> str | None:
    if len(data) < 12:
        return f"{len(data)} bytes are less than a RIFF header"
    (stated,) = struct.unpack_from("<I", data, 4)
    if stated + 8 > len(data):
        return f"the header says {stated + 8} bytes, {len(data)} are there"
    return None


def _matroska_fault(data: bytes) -> str | None:
    """RFC 9559: one Segment, whose size may be unknown in a live recording."""
    start = data.find(_SEGMENT, 0, 4096)
    if start < 0 or start + 12 > len(data):
        return "the segment is missing"
    stated = _vint(data, start + 4)
    if stated is not None and stated[1] + stated[0] > len(data):
        return f"the segment has {stated[0]} bytes, {len(data) - stated[1]} are there"
    return None


def _vint(data: bytes, start: int) -> tuple[int, int] | None:
    """Value of an EBML variable-length integer and where it ends; None if it says "unknown" (RFC 8794, 4)."""
    length = 9 - data[start].bit_length()
    if length > 8:
        return None
    value = int.from_bytes(data[start : start + length], "big") & ((1 << 7 * length) - 1)
    unknown = value == (1 << 7 * length) - 1
    return None if unknown else (value, start + length)


def _name(kind: bytes) -> str:
    return kind.decode("ascii", "replace")
