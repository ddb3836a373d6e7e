"""MP4 (ISO/IEC 14496-14)."""

from inference.media.decoded import MediaKind
from inference.media.formats.format import MediaFormat
from inference.media.iso_boxes import major_brand, movie_fault
from inference.media.movie import decode_movie

FORMAT = MediaFormat(
    name="MP4",
    media_type="video/mp4",
    kind=MediaKind.VIDEO,
    matches=lambda data: major_brand(data) is not None,  # any brand: MP4 files carry dozens of them
    decode=decode_movie,
    fault=movie_fault,
    aliases=frozenset({"video/x-m4v", "application/mp4"}),
    interchangeable_with=frozenset({"video/quicktime"}),  # cameras write either name for either container
)
