"""The chunks of a WebP file (RFC 9649): its size, whether it is animated, and its EXIF metadata."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from inference.errors import Unprocessable
from schemas.verdicts import UnprocessableReason

MAX_CHUNKS = 100_000  # an animation has one for each frame, and 10,000 frames are decoded at most

_FIRST_CHUNK = 12  # after RIFF, the size and WEBP
_ANIMATION_FLAG = 0x02  # in the first byte of VP8X


@dataclass(frozen=True)
class WebpHeader:
    """``width`` and ``height`` are in pixels, 0 if the file states none; ``exif`` is empty without EXIF."""

    width: int
    height: int
    animated: bool
    exif: bytes


def read_header(data: bytes) -> WebpHeader:
    """Return what the chunks state; raise :class:`Unprocessable` with ``undecodable`` for too many."""
    width = height = 0
    animated, exif = False, b""
    for kind, body in _chunks(data):
        if not width and kind in _SIZES and len(body) >= 10:
            width, height = _SIZES[kind](body)
        if kind == b"VP8X" and body:
            animated = bool(body[0] & _ANIMATION_FLAG)
        elif kind == b"EXIF" and not exif:
            exif = bytes(body)
    return WebpHeader(width, height, animated, exif)


def _chunks(data: bytes) -> Iterator[tuple[bytes, memoryview]]:
    position = _FIRST_CHUNK
    for _ in range(MAX_CHUNKS):
        if position + 8 > len(data):
            return
        kind, size = struct.unpack_from("<4sI", data, position)
        yield kind, memoryview(data)[position + 8 : position + 8 + size]
        position += 8 + size + size % 2
    raise Unprocessable(
        UnprocessableReason.UNDECODABLE, f"the WebP file has more than {MAX_CHUNKS} chunks, the limit"
    )


def _canvas_size(body: memoryview) -> tuple[int, int]:
    return 1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little")


def _lossy_size(body: memoryview) -> tuple[int, int]:
    width, height = struct.unpack_from("<2H", body, 6)  # two bits of each are for scaling (RFC 6386, 9.1)
    return width & 0x3FFF, height & 0x3FFF


def _lossless_size(body: memoryview) -> tuple[int, int]:
    (bits,) = struct.unpack_from("<I", body, 1)
    return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)


_SIZES = {b"VP8X": _canvas_size, b"VP8 ": _lossy_size, b"VP8L": _lossless_size}
