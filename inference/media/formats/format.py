"""The description of one media format: how to recognise it, check it for completeness and decode it."""

from collections.abc import Callable
from dataclasses import dataclass

from inference.media.decoded import DecodedFrames, MediaKind
from inference.media.limits import MediaLimits


def no_container_check(_data: bytes) -> str | None:
    """Return None: the container states no sizes to check, and its decoder reports a missing end."""
    return None


def starts_with(*signatures: bytes) -> Callable[[bytes], bool]:
    """Return a ``matches`` function for a format that begins with one of ``signatures``."""
    return lambda data: data.startswith(signatures)


@dataclass(frozen=True)
class MediaFormat:
    """A file format that FakeME can decode.

    ``name`` is for messages, such as ``"JPEG"``. ``media_type`` is written in lower case, such as
    ``"image/jpeg"``. ``kind`` is ``IMAGE`` or ``VIDEO``; an image format whose decoder returns a duration
    yields an animation. All functions must be safe to call from several threads.
    """

    name: str
    media_type: str
    kind: MediaKind
    matches: Callable[[bytes], bool]
    """Whether the first bytes (up to ``HEAD_BYTES`` of ``inference.media.sniff``) are of this format."""
    decode: Callable[[bytes, MediaLimits], DecodedFrames]
    """Decode the whole file within the limits; raise ``Unprocessable`` if that is impossible."""
    fault: Callable[[bytes], str | None] = no_container_check
    """Why the container is incomplete, or None if nothing is missing."""
    aliases: frozenset[str] = frozenset()
    """Other media types, in lower case, that mean this format when they are declared."""
    interchangeable_with: frozenset[str] = frozenset()
    """Media types of other formats that may be declared for a file of this format."""

    def __post_init__(self) -> None:
        """Raise :class:`ValueError` if the format could never be found or has no kind of its own."""
        if self.kind is MediaKind.ANIMATION:
            raise ValueError(f"{self.media_type}: kind must be IMAGE or VIDEO; an animation is an IMAGE")
        for media_type in (*self.declarable_types, *self.interchangeable_with):
            if media_type != media_type.lower():
                raise ValueError(f"{media_type!r}: write the media type in lower case")

    @property
    def declarable_types(self) -> frozenset[str]:
        """The media type and its aliases."""
        return self.aliases | {self.media_type}
