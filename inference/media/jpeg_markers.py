"""The markers of a JPEG file (ISO/IEC 10918-1, annex B): its frame header, and the number of its scans."""

import struct
from dataclasses import dataclass

from inference.errors import Unprocessable
from schemas.verdicts import UnprocessableReason

MAX_SEGMENTS = 5_000  # colour profiles and previews of cameras take some hundreds
MAX_SCANS = 100  # progressive encoders write about ten; every scan is a pass over the whole picture

_START_OF_SCAN = 0xDA
_QUANTISATION_TABLES = 0xDB
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD9)})  # markers without a length
_FRAME_HEADERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_APP1 = 0xE1
_METADATA = frozenset({*range(0xE1, 0xF0), 0xFE}) - {0xEE}  # APP0 and APP14 state the colour space
_EXIF = b"Exif\x00\x00"


@dataclass(frozen=True)
class JpegHeader:
    """What a JPEG file states before its first scan.

    ``exif`` is the content after its signature; ``metadata`` are start and end of each segment of metadata.
    """

    width: int
    height: int
    components: int
    bits: int
    scans: int
    exif: bytes
    metadata: tuple[tuple[int, int], ...]


def read_header(data: bytes) -> JpegHeader:
    """Return the header; raise :class:`Unprocessable` with ``truncated`` or ``undecodable``."""
    frame: tuple[int, int, int, int] | None = None
    exif = b""
    metadata: list[tuple[int, int]] = []
    position = 2
    for _ in range(MAX_SEGMENTS):
        marker, start, end = _segment(data, position)
        if end > len(data):
            raise Unprocessable(UnprocessableReason.TRUNCATED, "the file ends within a segment")
        if marker == _START_OF_SCAN:
            if frame is None:
                raise _undecodable("its first scan comes before the frame header")
            bits, height, width, components = frame
            return JpegHeader(width, height, components, bits, _scans(data, position), exif, tuple(metadata))
        if marker in _FRAME_HEADERS and end - start >= 6:
            frame = struct.unpack_from(">BHHB", data, start)
        elif marker == _APP1 and not exif and data[start:end].startswith(_EXIF):
            exif = data[start + len(_EXIF) : end]
        if marker in _METADATA:
            metadata.append((start - 4, end))
        position = end
    raise _undecodable(f"it has more than {MAX_SEGMENTS} segments, the limit")


def quantisation_tables(data: bytes) -> dict[int, tuple[int, ...]]:
    """Return the tables before the first scan by number (0 to 15): 64 values each, in zigzag order.

    Raise :class:`Unprocessable` with ``truncated`` or ``undecodable``.
    """
    tables: dict[int, tuple[int, ...]] = {}
    position = 2
    for _ in range(MAX_SEGMENTS):
        marker, start, end = _segment(data, position)
        if marker == _START_OF_SCAN:
            return tables
        if marker == _QUANTISATION_TABLES:
            tables |= _read_tables(data[start:end])
        position = end
    raise _undecodable(f"it has more than {MAX_SEGMENTS} segments, the limit")


def _read_tables(content: bytes) -> dict[int, tuple[int, ...]]:
    """Return the whole tables in a segment, each with a byte for its precision and number before it."""
    tables: dict[int, tuple[int, ...]] = {}
    while content:
        wide, number = content[0] >> 4, content[0] & 0x0F
        layout = ">64H" if wide else ">64B"
        if len(content) < 1 + struct.calcsize(layout):
            break
        tables[number] = struct.unpack_from(layout, content, 1)
        content = content[1 + struct.calcsize(layout) :]
    return tables


def without_metadata(data: bytes, header: JpegHeader) -> bytes:
    """Return the file without metadata: libjpeg refuses a broken colour profile, which viewers ignore."""
    if not header.metadata:
        return data
    view, position, kept = memoryview(data), 0, []
    for start, end in header.metadata:
        kept.append(view[position:start])
        position = end
    return b"".join([*kept, view[position:]])


def _segment(data: bytes, position: int) -> tuple[int, int, int]:
    """Return the next marker at or after ``position``, and the start and end of its content."""
    position = data.find(b"\xff", position)
    while 0 <= position < len(data) - 1 and data[position + 1] == 0xFF:  # fill bytes
        position += 1
    if not 0 <= position < len(data) - 3:
        raise Unprocessable(UnprocessableReason.TRUNCATED, "the file ends before the first scan")
    marker = data[position + 1]
    if marker in _STANDALONE or marker == 0:
        return marker, position + 2, position + 2
    (length,) = struct.unpack_from(">H", data, position + 2)
    if length < 2:
        raise _undecodable(f"a segment states a length of {length}")
    return marker, position + 4, position + 2 + length


def _scans(data: bytes, first: int) -> int:
    """Return the number of scans. In coded data, 0xFF is always followed by 0 or a restart marker."""
    scans = data.count(b"\xff\xda", first)
    if scans > MAX_SCANS:
        raise _undecodable(f"it has {scans} scans; the limit is {MAX_SCANS}")
    return scans


def _undecodable(detail: str) -> Unprocessable:
    return Unprocessable(UnprocessableReason.UNDECODABLE, f"the JPEG file is invalid: {detail}")
