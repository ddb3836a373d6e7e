"""WebP and animated WebP in a RIFF container (RFC 9649)."""

import struct

from inference.media.decoded import MediaKind
from inference.media.formats.format import MediaFormat
from inference.media.webp import decode_webp


def _matches(data: bytes) -> bool:
    return data[:4] == b"RIFF" and data[8:12] == b"WEBP"


def _fault(data: bytes) -> str | None:
    (riff_size,) = struct.unpack_from("<I", data, 4)  # without the 8 bytes of tag and size
    if riff_size + 8 > len(data):
        return f"the RIFF header states {riff_size + 8} bytes, but the file has {len(data)}"
    return None


FORMAT = MediaFormat(
    name="WebP",
    media_type="image/webp",
    kind=MediaKind.IMAGE,
    matches=_matches,
    decode=decode_webp,
    fault=_fault,
)
