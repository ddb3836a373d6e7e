"""AVIF and animated AVIF in an ISO base media file."""

from functools import partial

from inference.media.decoded import MediaKind
from inference.media.formats.format import MediaFormat
from inference.media.image import decode_image
from inference.media.iso_boxes import box_fault, major_brand

_BRANDS = frozenset({b"avif", b"avis"})

FORMAT = MediaFormat(
    name="AVIF",
    media_type="image/avif",
    kind=MediaKind.IMAGE,
    matches=lambda data: major_brand(data) in _BRANDS,
    decode=partial(decode_image, pillow_format="AVIF", animated=True),
    fault=box_fault,
)
