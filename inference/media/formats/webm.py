"""WebM, the Matroska subset for browsers."""

from functools import partial

from inference.media.decoded import MediaKind
from inference.media.ebml import is_ebml, segment_fault
from inference.media.formats.format import MediaFormat
from inference.media.video import decode_video


def _matches(data: bytes) -> bool:
    return is_ebml(data) and b"webm" in data[:64]  # the DocType in the EBML header


FORMAT = MediaFormat(
    name="WebM",
    media_type="video/webm",
    kind=MediaKind.VIDEO,
    matches=_matches,
    decode=partial(decode_video, demuxer="matroska"),
    fault=segment_fault,
    interchangeable_with=frozenset({"video/x-matroska"}),  # browsers write either name for either container
)
