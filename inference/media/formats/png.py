"""PNG and animated PNG (ISO/IEC 15948)."""

from functools import partial

from inference.media.decoded import MediaKind
from inference.media.formats.format import MediaFormat, starts_with
from inference.media.image import decode_image


def _fault(data: bytes) -> str | None:
    whole = b"IEND" in data[-4096:] or b"IEND" in data  # the end first, where it almost always is
    return None if whole else "the end chunk IEND is missing"


FORMAT = MediaFormat(
    name="PNG",
    media_type="image/png",
    kind=MediaKind.IMAGE,
    matches=starts_with(b"\x89PNG\r\n\x1a\n"),
    decode=partial(decode_image, pillow_format="PNG", animated=True),
    fault=_fault,
    aliases=frozenset({"image/apng"}),
)
