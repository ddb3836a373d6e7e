"""GIF87a and GIF89a."""

from inference.media.decoded import DecodedFrames, MediaKind
from inference.media.formats.format import MediaFormat, starts_with
from inference.media.gif_blocks import check_blocks
from inference.media.image import decode_image
from inference.media.limits import MediaLimits


def _decode(data: bytes, limits: MediaLimits) -> DecodedFrames:
    check_blocks(data, limits)
    return decode_image(data, limits, pillow_format="GIF", animated=True)


FORMAT = MediaFormat(
    name="GIF",
    media_type="image/gif",
    kind=MediaKind.IMAGE,
    matches=starts_with(b"GIF87a", b"GIF89a"),
    decode=_decode,
)
