"""GIF87a and GIF89a."""

from functools import partial

from inference.media.decoded import MediaKind
from inference.media.formats.format import MediaFormat, starts_with
from inference.media.image import decode_image

FORMAT = MediaFormat(
    name="GIF",
    media_type="image/gif",
    kind=MediaKind.IMAGE,
    matches=starts_with(b"GIF87a", b"GIF89a"),
    decode=partial(decode_image, pillow_format="GIF", animated=True),
)
