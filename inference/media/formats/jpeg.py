"""JPEG (ISO/IEC 10918), which Pillow also reads as the first view of an MPO file."""

from functools import partial

from inference.media.decoded import MediaKind
from inference.media.formats.format import MediaFormat, starts_with
from inference.media.image import decode_image

FORMAT = MediaFormat(
    name="JPEG",
    media_type="image/jpeg",
    kind=MediaKind.IMAGE,
    matches=starts_with(b"\xff\xd8\xff"),
    decode=partial(decode_image, pillow_format="JPEG"),
    aliases=frozenset({"image/jpg", "image/pjpeg"}),
)
