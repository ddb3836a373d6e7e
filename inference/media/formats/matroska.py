"""Matroska (RFC 9559)."""

from functools import partial

from inference.media.decoded import MediaKind
from inference.media.ebml import is_ebml, segment_fault
from inference.media.formats.format import MediaFormat
from inference.media.video import decode_video

FORMAT = MediaFormat(
    name="Matroska",
    media_type="video/x-matroska",
    kind=MediaKind.VIDEO,
    matches=is_ebml,
    decode=partial(decode_video, demuxer="matroska"),
    fault=segment_fault,
    aliases=frozenset({"video/matroska"}),
    interchangeable_with=frozenset({"video/webm"}),  # browsers write either name for either container
)
