"""The EBML container of Matroska and WebM: its signature and whether its segment is complete."""

_SIGNATURE = b"\x1aE\xdf\xa3"  # RFC 8794
_SEGMENT = b"\x18\x53\x80\x67"  # the element that holds everything after the EBML header
_SEGMENT_SEARCH_BYTES = 4096


def is_ebml(data: bytes) -> bool:
    """Return whether the file begins with an EBML header."""
    return data.startswith(_SIGNATURE)


def segment_fault(data: bytes) -> str | None:
    """Return why the segment is incomplete, or None.

    RFC 9559: a file has one segment; a live recording may state an unknown size, which cannot be checked.
    """
    start = data.find(_SEGMENT, 0, _SEGMENT_SEARCH_BYTES)
    if start < 0 or start + 12 > len(data):
        return "the segment is missing"
    size_field = _variable_size(data, start + 4)
    if size_field is None:
        return None
    size, content_start = size_field
    if content_start + size > len(data):
        return f"the segment states {size} bytes, but the file has {len(data) - content_start} of them"
    return None


def _variable_size(data: bytes, start: int) -> tuple[int, int] | None:
    """Return the value of an EBML variable-size integer and its end; None if unknown (RFC 8794, 4)."""
    length = 9 - data[start].bit_length()
    if length > 8:
        return None
    all_ones = (1 << 7 * length) - 1
    value = int.from_bytes(data[start : start + length], "big") & all_ones
    return None if value == all_ones else (value, start + length)
