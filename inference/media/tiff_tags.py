"""The first directory of a TIFF file (TIFF 6.0, section 2): its tags for pixels, and those for metadata."""

import struct
from dataclasses import dataclass
from typing import Literal

from inference.errors import Unprocessable
from schemas.verdicts import UnprocessableReason

MAX_TAGS = 1_000  # cameras write about fifty
MAX_STRIPS = 100_000  # strips of one row for each of three channels of 30,000 rows; also tiles
MAX_METADATA_BYTES = 16_000_000  # previews and notes of cameras; Pillow reads all before the pixels

_BYTE_ORDERS = {b"II": "<", b"MM": ">"}
_VALUE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8}
_PIXEL_TAGS = frozenset({
    *range(254, 260), 262, 266, 273, 277, 278, 279, 280, 281, 284, 290, 291, 292, 293, 297,
    301, 317, 318, 319, 320, 322, 323, 324, 325, 332, 338, 339, 340, 341, 347, *range(512, 522),
    529, 530, 531, 532,
})  # fmt: skip
_ORIENTATION = (274, 3, 1)  # one SHORT; anything else cannot be read and is ignored


@dataclass(frozen=True)
class _Tag:
    number: int
    kind: int
    count: int
    entry: bytes

    @property
    def changes_pixels(self) -> bool:
        """Whether viewers need the tag to show the picture."""
        return self.number in _PIXEL_TAGS or (self.number, self.kind, self.count) == _ORIENTATION


@dataclass(frozen=True)
class TiffDirectory:
    """The first directory: ``start`` and ``end`` are its place in the file, with count and link.

    ``order`` is the byte order, as :mod:`struct` writes it.
    """

    order: str
    start: int
    end: int
    tags: tuple[_Tag, ...]

    @property
    def byte_order(self) -> Literal["little", "big"]:
        """The byte order, as :meth:`int.from_bytes` names it."""
        return "little" if self.order == "<" else "big"

    @property
    def metadata_bytes(self) -> int:
        """What the tags that do not change pixels state as their size."""
        return sum(tag.count * _VALUE_BYTES.get(tag.kind, 1) for tag in self.tags if not tag.changes_pixels)


def read_directory(data: bytes, start: int | None = None) -> TiffDirectory:
    """Return the directory at ``start``, by default the first one.

    Raise :class:`Unprocessable` with ``truncated`` or ``undecodable``.
    """
    order = _BYTE_ORDERS[data[:2]]
    try:
        if start is None:
            (start,) = struct.unpack_from(f"{order}I", data, 4)
        (count,) = struct.unpack_from(f"{order}H", data, start)
        if count > MAX_TAGS:
            raise _undecodable(f"{count} tags; the limit is {MAX_TAGS}")
        tags = tuple(_read_tag(data, start + 2 + 12 * index, order) for index in range(count))
    except struct.error as error:
        raise Unprocessable(UnprocessableReason.TRUNCATED, "the file ends in its directory") from error
    for tag in tags:
        if tag.changes_pixels and tag.count > MAX_STRIPS:
            raise _undecodable(f"{tag.count} values of tag {tag.number}; the limit is {MAX_STRIPS}")
    return TiffDirectory(order, start, start + 2 + 12 * count + 4, tags)


def tag_bytes(data: bytes, directory: TiffDirectory, number: int) -> bytes:
    """Return the value of the tag with this number, as far as it is there; empty without the tag.

    A value of up to four bytes stands in the directory itself, a longer one elsewhere in the file.
    """
    tag = next((tag for tag in directory.tags if tag.number == number), None)
    if tag is None:
        return b""
    size = tag.count * _VALUE_BYTES.get(tag.kind, 1)
    if size <= 4:
        return tag.entry[8 : 8 + size]
    (start,) = struct.unpack_from(f"{directory.order}I", tag.entry, 8)
    return data[start : start + size]


def without_metadata(data: bytes, directory: TiffDirectory) -> bytes:
    """Return the file with only those tags that change pixels, and without further pages."""
    kept = [tag.entry for tag in directory.tags if tag.changes_pixels]
    packed = struct.pack(f"{directory.order}H", len(kept)) + b"".join(kept)
    packed = packed.ljust(directory.end - directory.start, b"\0")  # the link to the next page is 0
    view = memoryview(data)
    return b"".join([view[: directory.start], packed, view[directory.end :]])


def _read_tag(data: bytes, position: int, order: str) -> _Tag:
    number, kind, count = struct.unpack_from(f"{order}HHI", data, position)
    struct.unpack_from("12s", data, position)
    return _Tag(number, kind, count, data[position : position + 12])


def _undecodable(detail: str) -> Unprocessable:
    return Unprocessable(UnprocessableReason.UNDECODABLE, f"the TIFF file has {detail}")
