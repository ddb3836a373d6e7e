"""Opens a video container and chooses the track that players show.

A file may name any of FFmpeg's hundreds of demuxers, protocols and decoders by its content. Only those that
are stated here are ever used.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import av
import av.error

from inference.errors import Unprocessable
from inference.media.limits import MediaLimits
from schemas.verdicts import UnprocessableReason

# What phones, browsers and editors write, and platforms accept. Sequences of pictures in a movie (PNG, TIFF)
# are left out: hardly anybody posts them, and they decompress to a thousand times their size.
CODECS = (
    "h264",
    "hevc",
    "vp8",
    "vp9",
    "av1",
    "libdav1d",
    "mpeg4",
    "h263",
    "mpeg2video",
    "mjpeg",
    "prores",
    "theora",
)

_MAX_TRACKS = 32  # players use three: picture, sound, captions


@contextmanager
def open_container(data: bytes, demuxer: str, limits: MediaLimits) -> Iterator[av.container.InputContainer]:
    """Open ``data`` with FFmpeg's ``demuxer`` and no other; nothing outside of ``data`` is read.

    Raise :class:`Unprocessable` with ``truncated`` or ``undecodable``, also for errors within the block.
    """
    options = {
        "format_whitelist": demuxer,
        "protocol_whitelist": "none",  # no protocol has this name
        "codec_whitelist": ",".join(CODECS),
        "max_streams": str(_MAX_TRACKS),
        "enable_drefs": "0",  # references of QuickTime to other files
    }
    stream_options: Any = {"codec_whitelist": ",".join(CODECS), "max_pixels": str(limits.max_pixels)}
    try:
        with av.open(
            io.BytesIO(data),
            mode="r",
            format=demuxer,
            container_options=options,
            stream_options=[stream_options] * _MAX_TRACKS,
            metadata_errors="replace",
        ) as container:
            yield container
    except av.error.EOFError as error:
        raise Unprocessable(UnprocessableReason.TRUNCATED, str(error)) from error
    except (av.error.FFmpegError, ValueError) as error:
        raise Unprocessable(UnprocessableReason.UNDECODABLE, str(error)) from error


def shown_track(container: av.container.InputContainer) -> av.VideoStream:
    """Return the track that players show: the first that is enabled, else the first.

    Cover pictures are not tracks. Raise :class:`Unprocessable` with ``undecodable`` if there is none, or none
    of ours decodes it.
    """
    tracks = [track for track in container.streams.video if not _is_cover(track)]
    if not tracks:
        raise Unprocessable(UnprocessableReason.UNDECODABLE, "the file has no video track")
    enabled = [track for track in tracks if track.disposition & av.stream.Disposition.default]
    track = (enabled or tracks)[0]
    context = track.codec_context
    if context is None or context.codec.canonical_name not in CODECS:
        name = "unknown" if context is None else context.name
        raise Unprocessable(
            UnprocessableReason.UNDECODABLE,
            f"the video track is encoded as {name}; supported codecs: {', '.join(CODECS)}",
        )
    return track


def _is_cover(track: av.VideoStream) -> bool:
    return bool(track.disposition & av.stream.Disposition.attached_pic)
