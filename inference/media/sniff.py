"""What a file is by its first bytes, and whether that is what its name said; nothing is decoded."""

from inference.errors import Unprocessable
from schemas.verdicts import UnprocessableReason

JPEG, PNG, WEBP, GIF = "image/jpeg", "image/png", "image/webp", "image/gif"
HEIC, AVIF, TIFF, BMP = "image/heic", "image/avif", "image/tiff", "image/bmp"
MP4, QUICKTIME, WEBM, MATROSKA = "video/mp4", "video/quicktime", "video/webm", "video/x-matroska"

IMAGE_TYPES = frozenset({JPEG, PNG, WEBP, GIF, HEIC, AVIF, TIFF, BMP})
VIDEO_TYPES = frozenset({MP4, QUICKTIME, WEBM, MATROSKA})

_MAGIC = (
    (b"\xff\xd8\xff", JPEG),
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
    (b"II*\x00", TIFF),
    (b"MM\x00*", TIFF),
    (b"BM", BMP),
)
_BRANDS = {  # ISO/IEC 14496-12 major brands; every other brand is taken for MP4
    b"avif": AVIF,
    b"avis": AVIF,
    **dict.fromkeys((b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"), HEIC),
    b"qt  ": QUICKTIME,
}
_QUICKTIME_ATOMS = frozenset({b"moov", b"mdat", b"wide", b"free", b"skip"})  # files older than `ftyp`
_ALIASES = {
    "image/jpg": JPEG,
    "image/pjpeg": JPEG,
    "image/apng": PNG,
    "image/heif": HEIC,
    "image/heic-sequence": HEIC,
    "image/heif-sequence": HEIC,
    "image/tif": TIFF,
    "image/x-ms-bmp": BMP,
    "video/x-m4v": MP4,
    "application/mp4": MP4,
    "video/matroska": MATROSKA,
}
_UNDECLARED = frozenset({"", "application/octet-stream", "binary/octet-stream"})
# Cameras and browsers write these names for one another's containers; telling them apart protects nobody.
_INTERCHANGEABLE = ({MP4, QUICKTIME}, {WEBM, MATROSKA})


def sniff(data: bytes) -> str | None:
    """The media type that the first bytes of ``data`` show; None if it is none that we decode."""
    for magic, media_type in _MAGIC:
        if data.startswith(magic):
            return media_type
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return WEBP
    if data[4:8] == b"ftyp":
        return _BRANDS.get(data[8:12], MP4)
    if data[4:8] in _QUICKTIME_ATOMS:
        return QUICKTIME
    if data.startswith(b"\x1aE\xdf\xa3"):  # EBML, RFC 8794
        return WEBM if b"webm" in data[:64] else MATROSKA
    return None


def identify(data: bytes, declared_type: str | None) -> str:
    """The media type of ``data``, which must be the declared one where one was declared.

    Raises :class:`Unprocessable`: ``type_mismatch`` when a media type was declared and the bytes are
    something else; ``unsupported_type`` when they are no media that we decode and were not said to be.
    """
    found, declared = sniff(data), _normalise(declared_type)
    supported = declared in IMAGE_TYPES | VIDEO_TYPES
    if found is None and not supported:
        raise Unprocessable(
            UnprocessableReason.UNSUPPORTED_TYPE,
            f"declared as {declared or 'nothing'}, begins with {data[:8].hex(' ')}; "
            "we read JPEG, PNG, WebP, GIF, HEIC, AVIF, TIFF, BMP, MP4, MOV, WebM and Matroska",
        )
    if found is None or not _agree(declared, found):
        what = found or f"no media that we know (begins with {data[:8].hex(' ')})"
        raise Unprocessable(UnprocessableReason.TYPE_MISMATCH, f"declared as {declared}, but it is {what}")
    return found


def _normalise(declared: str | None) -> str:
    essence = (declared or "").split(";")[0].strip().lower()
    return "" if essence in _UNDECLARED else _ALIASES.get(essence, essence)


def _agree(declared: str, found: str) -> bool:
    if declared in {"", found}:
        return True
    return any({declared, found} <= group for group in _INTERCHANGEABLE)
