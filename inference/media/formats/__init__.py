"""The registry of media formats: the built-in ones and those registered from outside this package."""

from inference.errors import DuplicateFormatError
from inference.media.formats.avif import FORMAT as AVIF
from inference.media.formats.bmp import FORMAT as BMP
from inference.media.formats.format import MediaFormat
from inference.media.formats.gif import FORMAT as GIF
from inference.media.formats.heic import FORMAT as HEIC
from inference.media.formats.jpeg import FORMAT as JPEG
from inference.media.formats.matroska import FORMAT as MATROSKA
from inference.media.formats.mp4 import FORMAT as MP4
from inference.media.formats.png import FORMAT as PNG
from inference.media.formats.quicktime import FORMAT as QUICKTIME
from inference.media.formats.tiff import FORMAT as TIFF
from inference.media.formats.webm import FORMAT as WEBM
from inference.media.formats.webp import FORMAT as WEBP
from inference.plugins import load_plugins

__all__ = ["BUILT_IN_FORMATS", "MediaFormat", "formats", "register_format", "unregister_format"]

# The first format that matches is taken. MP4 matches every `ftyp` brand and Matroska every EBML file, so
# more specific formats of the same container come before them.
BUILT_IN_FORMATS = (
    JPEG,
    PNG,
    GIF,
    TIFF,
    BMP,
    WEBP,
    AVIF,
    HEIC,
    QUICKTIME,
    MP4,
    WEBM,
    MATROSKA,
)
_registered: list[MediaFormat] = list(BUILT_IN_FORMATS)


def formats() -> tuple[MediaFormat, ...]:
    """Return all registered formats in the order in which they are matched."""
    load_plugins()
    return tuple(_registered)


def register_format(media_format: MediaFormat) -> None:
    """Add a format, which is matched before those registered earlier.

    Raise :class:`~inference.errors.DuplicateFormatError` if another format already has its media type or one
    of its aliases.
    """
    for other in _registered:
        duplicates = media_format.declarable_types & other.declarable_types
        if duplicates:
            raise DuplicateFormatError(
                f"cannot register {media_format.name}: {', '.join(sorted(duplicates))} already means "
                f"{other.name}; choose another media type or unregister {other.media_type} first"
            )
    _registered.insert(0, media_format)


def unregister_format(media_type: str) -> None:
    """Remove the format of ``media_type``; raise :class:`ValueError` if there is none."""
    for media_format in formats():
        if media_format.media_type == media_type:
            _registered.remove(media_format)
            return
    raise ValueError(
        f"cannot unregister {media_type!r}: registered are "
        f"{', '.join(media_format.media_type for media_format in formats())}"
    )
