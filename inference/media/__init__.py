"""From bytes to upright RGB frames: type by content, limits before decoding, truncation never hidden."""

from inference.media.decode import decode
from inference.media.decoded import DecodedMedia, Frame, MediaKind
from inference.media.limits import MediaLimits

__all__ = ["DecodedMedia", "Frame", "MediaKind", "MediaLimits", "decode"]
