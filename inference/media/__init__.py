"""Decode untrusted bytes to upright RGB frames: format by content, limits first, truncation detected."""

from inference.media.decode import decode
from inference.media.decoded import DecodedMedia, Frame, MediaKind
from inference.media.limits import MediaLimits

__all__ = ["DecodedMedia", "Frame", "MediaKind", "MediaLimits", "decode"]
