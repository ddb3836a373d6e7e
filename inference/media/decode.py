"""The one way in: bytes and what they are said to be, to frames; every refusal has a machine-readable reason.

Steps: 1 size, 2 type by content, 3 container complete, 4 pixels and duration by the header, 5 decode.
"""

import hashlib

from inference.media.completeness import check_complete
from inference.media.decoded import DecodedMedia, MediaKind
from inference.media.image import decode_image
from inference.media.limits import MediaLimits
from inference.media.sniff import VIDEO_TYPES, identify
from inference.media.video import decode_video

_DEFAULT_LIMITS = MediaLimits()


def decode(
    data: bytes, declared_type: str | None = None, limits: MediaLimits = _DEFAULT_LIMITS
) -> DecodedMedia:
    """Decode a picture, an animation or a video.

    ``declared_type`` is what the platform or the file's name says, e.g. ``image/jpeg``; None, an empty
    string and ``application/octet-stream`` declare nothing. Raises
    :class:`~inference.errors.Unprocessable` with ``empty``, ``too_large``, ``unsupported_type``,
    ``type_mismatch``, ``truncated``, ``too_many_pixels``, ``too_long`` or ``undecodable``.
    Safe to call from several threads.
    """
    limits.check_bytes(len(data))
    media_type = identify(data, declared_type)
    check_complete(data, media_type)
    sha256 = hashlib.sha256(data).hexdigest()
    if media_type in VIDEO_TYPES:
        video = decode_video(data, limits)
        return DecodedMedia(
            MediaKind.VIDEO, media_type, video.width, video.height, video.frames, sha256, video.seconds
        )
    picture = decode_image(data, media_type, limits)
    kind = MediaKind.IMAGE if picture.seconds is None else MediaKind.ANIMATION
    return DecodedMedia(
        kind, media_type, picture.width, picture.height, picture.frames, sha256, picture.seconds
    )
