"""The orientation of a picture by its EXIF metadata (CIPA DC-008, tag 0x0112), whatever else they hold."""

import struct
from enum import IntEnum

_TAG = 0x0112
_SHORT = 3
_MAX_ENTRIES = 1_000  # cameras write about fifty
_BYTE_ORDERS = {b"II": "<", b"MM": ">"}


class Orientation(IntEnum):
    """How the stored picture must be turned to be upright."""

    UPRIGHT = 1
    MIRRORED = 2
    HALF_TURN = 3
    MIRRORED_HALF_TURN = 4
    TRANSPOSED = 5
    QUARTER_TURN_CLOCKWISE = 6
    TRANSVERSED = 7
    QUARTER_TURN_COUNTERCLOCKWISE = 8

    @property
    def swaps_sides(self) -> bool:
        """Whether the upright picture is as wide as the stored one is high."""
        return self >= Orientation.TRANSPOSED


def orientation_of(exif: bytes) -> Orientation:
    """Return the orientation that ``exif`` (a TIFF structure) states; upright if it cannot be read."""
    try:
        return Orientation(_read(exif.removeprefix(b"Exif\x00\x00")))
    except (struct.error, ValueError, KeyError):
        return Orientation.UPRIGHT


def _read(tiff: bytes) -> int:
    order = _BYTE_ORDERS[tiff[:2]]
    (directory,) = struct.unpack_from(f"{order}I", tiff, 4)
    (entries,) = struct.unpack_from(f"{order}H", tiff, directory)
    for index in range(min(entries, _MAX_ENTRIES)):
        tag, kind, count, value = struct.unpack_from(f"{order}HHIH", tiff, directory + 2 + 12 * index)
        if tag == _TAG and kind == _SHORT and count == 1:
            return int(value)
    return Orientation.UPRIGHT
