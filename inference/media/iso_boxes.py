"""The boxes of an ISO base media file (MP4, QuickTime, HEIC, AVIF): its brand and whether it is complete.

Decoders hide a missing end (a video just stops, the rest of a picture is grey), so sizes are checked here.
"""

import struct
from collections.abc import Iterator

from inference.errors import Unprocessable
from schemas.verdicts import UnprocessableReason

# Ten minutes of low-latency video in fragments of a tenth of a second have 12,000. More only take time.
MAX_BOXES = 50_000


def major_brand(data: bytes) -> bytes | None:
    """Return the major brand (ISO/IEC 14496-12, 4.3), or None if the file does not begin with `ftyp`."""
    return data[8:12] if data[4:8] == b"ftyp" else None


def box_fault(data: bytes) -> str | None:
    """Return which box is incomplete, or None. Raise :class:`Unprocessable` for too many boxes."""
    return _fault(data, needs_moov=False)


def movie_fault(data: bytes) -> str | None:
    """Return which box is incomplete or missing, or None; a movie needs its index, the box `moov`.

    Raise :class:`Unprocessable` for too many boxes.
    """
    return _fault(data, needs_moov=True)


def boxes(data: bytes, start: int = 0, end: int | None = None) -> Iterator[tuple[int, int, int, bytes]]:
    """Yield start, start of the content, stated end and type of each box from ``start`` to ``end``.

    A stated size of 0 means up to the end. The last box may state an end beyond that of the file. Raise
    :class:`Unprocessable` with ``undecodable`` after ``MAX_BOXES``.
    """
    end = len(data) if end is None else end
    for _ in range(MAX_BOXES):
        if start + 8 > end:
            return
        size, box_type = struct.unpack_from(">I4s", data, start)
        content = start + 8
        if size == 1 and start + 16 <= end:
            (size,) = struct.unpack_from(">Q", data, start + 8)
            content = start + 16
        elif size == 0:
            size = end - start
        yield start, content, start + size, box_type
        start += max(size, 8)
    raise Unprocessable(
        UnprocessableReason.UNDECODABLE, f"the file has more than {MAX_BOXES} boxes, the limit"
    )


def _fault(data: bytes, *, needs_moov: bool) -> str | None:
    """Walk over the top-level boxes, each of which states its size (ISO/IEC 14496-12, 4.2)."""
    moov_found = False
    for start, _, end, box_type in boxes(data):
        if not box_type.isascii() and (moov_found or not needs_moov):
            return None  # not a box: something was appended to a complete file
        if end > len(data):
            name = box_type.decode("ascii", "replace")
            return f"box {name} states {end - start} bytes, but the file has {len(data) - start} of them"
        moov_found = moov_found or box_type == b"moov"
    return "the index (box moov) is missing" if needs_moov and not moov_found else None
