"""The blocks of a GIF file (GIF89a, appendix A): how many there are, and the largest frame."""

import struct

from inference.errors import Unprocessable
from inference.media.limits import MediaLimits
from schemas.verdicts import UnprocessableReason

MAX_BLOCKS = 1_000_000  # 200 MB in blocks of 255 bytes are 800,000; each is a step in Python

_SCREEN_END = 13  # signature and logical screen descriptor
_EXTENSION = 0x21
_IMAGE = 0x2C
_IMAGE_DESCRIPTOR = struct.Struct("<4HB")  # left, top, width, height, flags


def check_blocks(data: bytes, limits: MediaLimits) -> None:
    """Raise :class:`Unprocessable` with ``too_long`` for too many blocks, ``too_many_pixels`` for a frame.

    Decoders enlarge the canvas to each frame that exceeds it. What ends early or is no block ends the walk:
    the decoder answers for that.
    """
    position = _SCREEN_END + _palette_bytes(data[10]) if len(data) > 10 else len(data)
    blocks = 0
    while position + 2 < len(data):
        if data[position] == _EXTENSION:
            position += 2
        elif data[position] == _IMAGE and position + 10 < len(data):
            left, top, width, height, flags = _IMAGE_DESCRIPTOR.unpack_from(data, position + 1)
            limits.check_pixels(max(1, left + width), max(1, top + height))
            position += 10 + _palette_bytes(flags) + 1  # and the code size
        else:
            return
        position, blocks = _skip_blocks(data, position, blocks)


def _palette_bytes(flags: int) -> int:
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _skip_blocks(data: bytes, position: int, blocks: int) -> tuple[int, int]:
    """Return the position after a series of data blocks, and the number of blocks so far."""
    while position < len(data):
        blocks += 1
        if blocks > MAX_BLOCKS:
            raise Unprocessable(
                UnprocessableReason.TOO_LONG, f"the GIF file has more than {MAX_BLOCKS} blocks, the limit"
            )
        size = data[position]
        position += 1 + size
        if size == 0:
            break
    return position, blocks
