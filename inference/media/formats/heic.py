"""HEIC and HEIF (ISO/IEC 23008-12), decoded by pillow-heif; of a burst the primary picture is taken."""

from functools import partial

import pillow_heif

from inference.media.decoded import MediaKind
from inference.media.formats.format import MediaFormat
from inference.media.image import decode_image
from inference.media.iso_boxes import box_fault, major_brand

pillow_heif.register_heif_opener()

_BRANDS = frozenset({b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"})

FORMAT = MediaFormat(
    name="HEIC",
    media_type="image/heic",
    kind=MediaKind.IMAGE,
    matches=lambda data: major_brand(data) in _BRANDS,
    decode=partial(decode_image, pillow_format="HEIF"),
    fault=box_fault,
    aliases=frozenset({"image/heif", "image/heic-sequence", "image/heif-sequence"}),
)
