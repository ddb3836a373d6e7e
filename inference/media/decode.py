"""Decode media of any supported format; each refusal has a machine-readable reason.

Checks, in this order: size in bytes, format, completeness, pixels and duration by the header, decoding.
"""

import hashlib

from inference.errors import Unprocessable
from inference.media.decoded import DecodedMedia, MediaKind
from inference.media.formats import MediaFormat
from inference.media.limits import MediaLimits
from inference.media.sniff import identify
from schemas.verdicts import UnprocessableReason

_DEFAULT_LIMITS = MediaLimits()


def decode(
    data: bytes, declared_type: str | None = None, limits: MediaLimits = _DEFAULT_LIMITS
) -> DecodedMedia:
    """Decode a picture, an animation or a video.

    ``declared_type`` is the media type that the platform or the file name states, e.g. ``image/jpeg``; None,
    an empty string and ``application/octet-stream`` declare nothing. Raise
    :class:`~inference.errors.Unprocessable` with ``empty``, ``too_large``, ``unsupported_type``,
    ``type_mismatch``, ``truncated``, ``too_many_pixels``, ``too_long`` or ``undecodable``.
    Safe to call from several threads.
    """
    limits.check_bytes(len(data))
    try:
        return _decode(data, declared_type, limits)
    except Unprocessable:
        raise
    except Exception as error:
        raise Unprocessable(
            UnprocessableReason.UNDECODABLE, f"the decoder failed: {type(error).__name__}: {error}"
        ) from error


def _decode(data: bytes, declared_type: str | None, limits: MediaLimits) -> DecodedMedia:
    media_format = identify(data, declared_type)
    _check_complete(data, media_format)
    content = media_format.decode(data, limits)
    animated = media_format.kind is MediaKind.IMAGE and content.seconds is not None
    return DecodedMedia(
        kind=MediaKind.ANIMATION if animated else media_format.kind,
        media_type=media_format.media_type,
        width=content.width,
        height=content.height,
        frames=content.frames,
        sha256=hashlib.sha256(data).hexdigest(),
        seconds=content.seconds,
        decoded_share=content.decoded_share,
        fault=content.fault,
    )


def _check_complete(data: bytes, media_format: MediaFormat) -> None:
    fault = media_format.fault(data)
    if fault:
        raise Unprocessable(UnprocessableReason.TRUNCATED, fault)
