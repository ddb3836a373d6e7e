"""BMP, the bitmap format of Windows."""

import struct

from inference.errors import Unprocessable
from inference.media.decoded import DecodedFrames, MediaKind
from inference.media.formats.format import MediaFormat, starts_with
from inference.media.image import decode_image
from inference.media.limits import MediaLimits
from schemas.verdicts import UnprocessableReason

_COMPRESSION_AT = 30  # in the BITMAPINFOHEADER that follows the file header of 14 bytes
_RUN_LENGTHS = frozenset({1, 2})  # BI_RLE8 and BI_RLE4
_MAX_RUN_LENGTH_BYTES = 20_000_000  # Pillow decodes them in Python, in 2.5 s; icons and screens are smaller


def _decode(data: bytes, limits: MediaLimits) -> DecodedFrames:
    if len(data) > _MAX_RUN_LENGTH_BYTES and _compression(data) in _RUN_LENGTHS:
        raise Unprocessable(
            UnprocessableReason.TOO_LARGE,
            f"the file has {len(data)} bytes; the limit with run-length encoding is {_MAX_RUN_LENGTH_BYTES}",
        )
    return decode_image(data, limits, pillow_format="BMP")


def _compression(data: bytes) -> int:
    return int(struct.unpack_from("<I", data, _COMPRESSION_AT)[0])


FORMAT = MediaFormat(
    name="BMP",
    media_type="image/bmp",
    kind=MediaKind.IMAGE,
    matches=starts_with(b"BM"),
    decode=_decode,
    aliases=frozenset({"image/x-ms-bmp"}),
)
