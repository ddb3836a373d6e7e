"""The boxes of an ISO base media file (MP4, QuickTime, HEIC, AVIF): its brand and whether it is complete.

Decoders hide a missing end (a video just stops, the rest of a picture is grey), so sizes are checked here.
"""

import struct
from collections.abc import Iterator


def major_brand(data: bytes) -> bytes | None:
    """Return the major brand (ISO/IEC 14496-12, 4.3), or None if the file does not begin with `ftyp`."""
    return data[8:12] if data[4:8] == b"ftyp" else None


def box_fault(data: bytes) -> str | None:
    """Return which box is incomplete, or None."""
    return _fault(data, needs_moov=False)


def movie_fault(data: bytes) -> str | None:
    """Return which box is incomplete or missing, or None; a movie needs its index, the box `moov`."""
    return _fault(data, needs_moov=True)


def _fault(data: bytes, *, needs_moov: bool) -> str | None:
    """Walk over the top-level boxes, each of which states its size (ISO/IEC 14496-12, 4.2)."""
    moov_found = False
    for start, size, box_type in _boxes(data):
        if not box_type.isascii() and (moov_found or not needs_moov):
            return None  # not a box: something was appended to a complete file
        if start + size > len(data):
            name = box_type.decode("ascii", "replace")
            return f"box {name} states {size} bytes, but the file has {len(data) - start} of them"
        moov_found = moov_found or box_type == b"moov"
    return "the index (box moov) is missing" if needs_moov and not moov_found else None


def _boxes(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yield offset, size in bytes and type of each box; a stated size of 0 means up to the file's end."""
    start = 0
    while start + 8 <= len(data):
        size, box_type = struct.unpack_from(">I4s", data, start)
        if size == 1 and start + 16 <= len(data):
            (size,) = struct.unpack_from(">Q", data, start + 8)
        elif size == 0:
            size = len(data) - start
        yield start, size, box_type
        start += max(size, 8)
