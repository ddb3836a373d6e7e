"""The chunks of a PNG file (ISO/IEC 15948): those that pixels need, and how much of the pixels is there.

Browsers ignore metadata that they cannot read, while Pillow refuses the file; so it gets none.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from inference.errors import Unprocessable
from schemas.verdicts import UnprocessableReason

MAX_CHUNKS = 100_000  # 200 MB in chunks of 8 KB, as libpng writes them, are 25,000

_FIRST_CHUNK = 8  # after the signature
_HEADER = struct.Struct(">II5B")
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by colour type
_TRANSPARENCY_BYTES = {0: range(2, 3), 2: range(6, 7), 3: range(1, 257)}  # length of tRNS by colour type
_PASSES = (  # Adam7: first column, first row, step of columns, step of rows
    (0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2),
)  # fmt: skip
_INFLATED_AT_ONCE = 1 << 20  # bytes


@dataclass(frozen=True)
class _Chunk:
    """One chunk; ``start`` and ``end`` are those of the whole chunk in the file."""

    kind: bytes
    start: int
    end: int

    def body(self, data: bytes) -> memoryview:
        """Return the content, without length, kind and checksum."""
        return memoryview(data)[self.start + 8 : self.end - 4]


def without_metadata(data: bytes) -> bytes:
    """Return the file with only the chunks that change what is seen.

    Raise :class:`Unprocessable` with ``undecodable`` if it has more than ``MAX_CHUNKS``.
    """
    colour_type = data[25] if len(data) > 25 else 0
    kept = [memoryview(data)[:_FIRST_CHUNK]]
    end, whole = _FIRST_CHUNK, True
    for chunk in _chunks(data):
        end = chunk.end
        if _changes_pixels(chunk, data, colour_type):
            kept.append(memoryview(data)[chunk.start : chunk.end])
        else:
            whole = False
    return data if whole else b"".join([*kept, memoryview(data)[end:]])


def stored_share(data: bytes) -> float:
    """Return the part of the pixels of the (first) picture that its data hold, from 0 to 1."""
    if len(data) < _FIRST_CHUNK + 8 + _HEADER.size:
        return 0.0
    expected = _inflated_bytes(*_HEADER.unpack_from(data, _FIRST_CHUNK + 8))
    found = 0
    inflate = zlib.decompressobj()
    for chunk in _chunks(data):
        packed = chunk.body(data) if chunk.kind == b"IDAT" else b""
        while packed and found < expected:
            try:
                found += len(inflate.decompress(packed, _INFLATED_AT_ONCE))
            except zlib.error:
                return found / expected
            packed = inflate.unconsumed_tail
    return min(1.0, found / expected)


def _chunks(data: bytes) -> Iterator[_Chunk]:
    """Yield the whole chunks up to the end chunk."""
    position = _FIRST_CHUNK
    for _ in range(MAX_CHUNKS):
        if position + 12 > len(data):
            return
        length, kind = struct.unpack_from(">I4s", data, position)
        end = position + 12 + length
        if end > len(data):
            return
        yield _Chunk(kind, position, end)
        if kind == b"IEND":
            return
        position = end
    raise Unprocessable(
        UnprocessableReason.UNDECODABLE, f"the PNG file has more than {MAX_CHUNKS} chunks, the limit"
    )


def _changes_pixels(chunk: _Chunk, data: bytes, colour_type: int) -> bool:
    body = chunk.body(data)
    match chunk.kind:
        case b"tRNS":
            wanted = len(body) in _TRANSPARENCY_BYTES.get(colour_type, ())
        case b"acTL":
            wanted = len(body) == 8
        case b"fcTL":
            wanted = len(body) == 26
        case b"eXIf":
            wanted = True  # the orientation
        case b"fdAT":
            return len(body) >= 4
        case kind:
            return not kind[0] & 0x20  # in lower case: ancillary
    (stated,) = struct.unpack_from(">I", data, chunk.end - 4)
    return wanted and zlib.crc32(memoryview(data)[chunk.start + 4 : chunk.end - 4]) == stated


def _inflated_bytes(
    width: int, height: int, bits: int, colour_type: int, _compression: int, _filter: int, interlaced: int
) -> int:
    """Return the bytes of all rows, each with the byte of its filter."""
    passes = _PASSES if interlaced else ((0, 0, 1, 1),)
    total = 0
    for left, top, step_x, step_y in passes:
        columns, rows = -(-(width - left) // step_x), -(-(height - top) // step_y)
        if columns > 0 and rows > 0:
            total += rows * (1 + (columns * bits * _CHANNELS.get(colour_type, 1) + 7) // 8)
    return max(1, total)
