"""Identify a media format by its first bytes and compare it with the declared media type."""

from inference.errors import Unprocessable
from inference.media.formats import MediaFormat, formats
from schemas.verdicts import UnprocessableReason

HEAD_BYTES = 64  # the first bytes of a file, by which its format is recognised
_UNDECLARED = frozenset({"", "application/octet-stream", "binary/octet-stream"})


def sniff(data: bytes) -> str | None:
    """Return the media type that the first bytes of ``data`` show, or None if no known format matches."""
    media_format = _matching_format(data)
    return media_format.media_type if media_format else None


def identify(data: bytes, declared_type: str | None) -> MediaFormat:
    """Return the format of ``data``, which must agree with the declared media type if there is one.

    Raise :class:`Unprocessable` with ``type_mismatch`` if another media type was declared, or a supported one
    was declared and no known format matches; with ``unsupported_type`` if no known format matches otherwise.
    """
    found, declared = _matching_format(data), _canonical_type(declared_type)
    if found is None and not _is_supported(declared):
        raise Unprocessable(UnprocessableReason.UNSUPPORTED_TYPE, _unsupported(data, declared))
    if found is None or declared not in {"", found.media_type, *found.interchangeable_with}:
        content = found.media_type if found else f"no known media format ({_first_bytes(data)})"
        raise Unprocessable(UnprocessableReason.TYPE_MISMATCH, f"declared as {declared}, but it is {content}")
    return found


def _matching_format(data: bytes) -> MediaFormat | None:
    head = data[:HEAD_BYTES]
    return next((media_format for media_format in formats() if media_format.matches(head)), None)


def _canonical_type(declared: str | None) -> str:
    """Return the declared type without parameters and aliases; an empty string if nothing was declared."""
    essence = (declared or "").split(";")[0].strip().lower()
    if essence in _UNDECLARED:
        return ""
    return next((known.media_type for known in formats() if essence in known.aliases), essence)


def _is_supported(media_type: str) -> bool:
    return any(media_type == known.media_type for known in formats())


def _unsupported(data: bytes, declared: str) -> str:
    supported = ", ".join(known.name for known in formats())
    return f"declared as {declared or 'nothing'}, {_first_bytes(data)}; supported formats: {supported}"


def _first_bytes(data: bytes) -> str:
    return f"begins with {data[:8].hex(' ')}"
