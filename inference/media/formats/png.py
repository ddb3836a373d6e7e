"""PNG and animated PNG (ISO/IEC 15948)."""

from dataclasses import replace

from inference.media.decoded import DecodedFrames, MediaKind, Pixels
from inference.media.formats.format import MediaFormat, starts_with
from inference.media.image import decode_image
from inference.media.limits import MediaLimits
from inference.media.png_chunks import stored_share, without_metadata

_COLOUR_TYPE_AT = 25  # in the header chunk, which is the first
_WITHOUT_PALETTE_OR_ALPHA = frozenset({0, 2})


def _fault(data: bytes) -> str | None:
    whole = b"IEND" in data[-4096:] or b"IEND" in data  # the end first, where it almost always is
    return None if whole else "the end chunk IEND is missing"


def _decode(data: bytes, limits: MediaLimits) -> DecodedFrames:
    pixels = without_metadata(data)
    content = decode_image(pixels, limits, pillow_format="PNG", animated=True)
    if content.seconds is not None or not _may_lack_rows(content.frames[0].image, pixels):
        return content
    share = stored_share(pixels)  # the compressed data may end early; Pillow leaves the rest black
    if share == 1.0:
        return content
    return replace(content, decoded_share=share, fault=f"the data hold {share:.0%} of the pixels")


def _may_lack_rows(image: Pixels, pixels: bytes) -> bool:
    """Return whether an edge looks as where rows are missing, whichever way the picture is turned.

    Such rows are black; with transparency white, and in a palette of any one colour.
    """
    before_data = pixels[: pixels.find(b"IDAT")]
    opaque = pixels[_COLOUR_TYPE_AT] in _WITHOUT_PALETTE_OR_ALPHA and b"tRNS" not in before_data
    edges = (image[-1], image[0], image[:, -1], image[:, 0])
    return any(bool((edge == (0 if opaque else edge[0])).all()) for edge in edges)


FORMAT = MediaFormat(
    name="PNG",
    media_type="image/png",
    kind=MediaKind.IMAGE,
    matches=starts_with(b"\x89PNG\r\n\x1a\n"),
    decode=_decode,
    fault=_fault,
    aliases=frozenset({"image/apng"}),
)
