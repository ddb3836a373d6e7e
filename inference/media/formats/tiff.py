"""TIFF 6.0 in both byte orders; of several pages the first is decoded."""

from inference.media.decoded import DecodedFrames, MediaKind
from inference.media.formats.format import MediaFormat, starts_with
from inference.media.image import decode_image
from inference.media.limits import MediaLimits
from inference.media.tiff_tags import MAX_METADATA_BYTES, read_directory, without_metadata


def _decode(data: bytes, limits: MediaLimits) -> DecodedFrames:
    """Decode the first page, without its metadata if they are large or broken."""
    directory = read_directory(data)
    if directory.metadata_bytes <= MAX_METADATA_BYTES:
        try:
            return decode_image(data, limits, pillow_format="TIFF")
        except Exception:  # Pillow reads metadata along with pixels; any mistyped tag may be the cause
            if directory.metadata_bytes == 0:
                raise
    return decode_image(without_metadata(data, directory), limits, pillow_format="TIFF")


FORMAT = MediaFormat(
    name="TIFF",
    media_type="image/tiff",
    kind=MediaKind.IMAGE,
    matches=starts_with(b"II*\x00", b"MM\x00*"),
    decode=_decode,
    aliases=frozenset({"image/tif"}),
)
