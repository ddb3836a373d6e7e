"""The chunks of a PNG file (ISO/IEC 15948): those that pixels need, and how much of the pixels is there.

Browsers ignore metadata that they cannot read, while Pillow refuses the file; so it gets none.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from inference.errors import Unprocessable
from schemas.verdicts import UnprocessableReason

MAX_TEXT_CHUNKS = 32  # programs write a handful
MAX_TEXT_BYTES = 4_000  # of one text; prompts are shorter
MAX_CHUNKS = 100_000  # 200 MB in chunks of 8 KB, as libpng writes them, are 25,000

_TEXT = frozenset({b"tEXt", b"zTXt", b"iTXt"})
_MAX_TEXT_BODY = 64_000  # bytes of a text chunk that are looked at
_MAX_KEYWORD = 79  # bytes, by the standard
_FIRST_CHUNK = 8  # after the signature
_HEADER = struct.Struct(">II5B")
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by colour type
_TRANSPARENCY_BYTES = {0: range(2, 3), 2: range(6, 7), 3: range(1, 257)}  # length of tRNS by colour type
_PASSES = (  # Adam7: first column, first row, step of columns, step of rows
    (0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2),
)  # fmt: skip
_INFLATED_AT_ONCE = 1 << 20  # bytes


@dataclass(frozen=True)
class PngText:
    """A text in a PNG file (chunks tEXt, zTXt and iTXt), as far as it fits into ``MAX_TEXT_BYTES``."""

    keyword: str
    text: str


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


def is_png(data: bytes) -> bool:
    """Return whether ``data`` begins as a PNG file does."""
    return data.startswith(b"\x89PNG\r\n\x1a\n")


def text_chunks(data: bytes) -> list[PngText]:
    """Return the first ``MAX_TEXT_CHUNKS`` texts; those that cannot be read are empty.

    Raise :class:`Unprocessable` with ``undecodable`` if the file has more than ``MAX_CHUNKS``.
    """
    chunks = islice((chunk for chunk in _chunks(data) if chunk.kind in _TEXT), MAX_TEXT_CHUNKS)
    return [_read_text(chunk.kind, bytes(chunk.body(data)[:_MAX_TEXT_BODY])) for chunk in chunks]


def _read_text(kind: bytes, body: bytes) -> PngText:
    """Read a text chunk (ISO/IEC 15948, 11.3.4); iTXt has two flags, a language and a translated keyword."""
    keyword, _, rest = body.partition(b"\0")
    compressed, encoding = kind == b"zTXt", "latin-1"
    if compressed:
        rest = rest[1:]  # the method
    elif kind == b"iTXt":
        compressed, encoding = rest[:1] == b"\1", "utf-8"
        rest = rest[2:].partition(b"\0")[2].partition(b"\0")[2]
    text = _inflated(rest) if compressed else rest[:MAX_TEXT_BYTES]
    return PngText(keyword[:_MAX_KEYWORD].decode("latin-1"), text.decode(encoding, "replace"))


def _inflated(packed: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(packed, MAX_TEXT_BYTES)
    except zlib.error:
        return b""


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
