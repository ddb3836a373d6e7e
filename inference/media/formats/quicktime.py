"""QuickTime movies (MOV), including files older than the `ftyp` box."""

from inference.media.decoded import MediaKind
from inference.media.formats.format import MediaFormat
from inference.media.iso_boxes import major_brand, movie_fault
from inference.media.movie import decode_movie

_FIRST_ATOMS = frozenset({b"moov", b"mdat", b"wide", b"free", b"skip"})  # of files without `ftyp`


def _matches(data: bytes) -> bool:
    return major_brand(data) == b"qt  " or data[4:8] in _FIRST_ATOMS


FORMAT = MediaFormat(
    name="MOV",
    media_type="video/quicktime",
    kind=MediaKind.VIDEO,
    matches=_matches,
    decode=decode_movie,
    fault=movie_fault,
    interchangeable_with=frozenset({"video/mp4"}),  # cameras write either name for either container
)
