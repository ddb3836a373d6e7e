"""TIFF 6.0 in both byte orders; of several pages the first is decoded."""

from functools import partial

from inference.media.decoded import MediaKind
from inference.media.formats.format import MediaFormat, starts_with
from inference.media.image import decode_image

FORMAT = MediaFormat(
    name="TIFF",
    media_type="image/tiff",
    kind=MediaKind.IMAGE,
    matches=starts_with(b"II*\x00", b"MM\x00*"),
    decode=partial(decode_image, pillow_format="TIFF"),
    aliases=frozenset({"image/tif"}),
)
