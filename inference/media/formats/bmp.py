"""BMP, the bitmap format of Windows."""

from functools import partial

from inference.media.decoded import MediaKind
from inference.media.formats.format import MediaFormat, starts_with
from inference.media.image import decode_image

FORMAT = MediaFormat(
    name="BMP",
    media_type="image/bmp",
    kind=MediaKind.IMAGE,
    matches=starts_with(b"BM"),
    decode=partial(decode_image, pillow_format="BMP"),
    aliases=frozenset({"image/x-ms-bmp"}),
)
