"""JPEG (ISO/IEC 10918); of an MPO file, the first view."""

from inference.media.decoded import MediaKind
from inference.media.formats.format import MediaFormat, starts_with
from inference.media.jpeg import decode_jpeg

FORMAT = MediaFormat(
    name="JPEG",
    media_type="image/jpeg",
    kind=MediaKind.IMAGE,
    matches=starts_with(b"\xff\xd8\xff"),
    decode=decode_jpeg,
    aliases=frozenset({"image/jpg", "image/pjpeg"}),
)
