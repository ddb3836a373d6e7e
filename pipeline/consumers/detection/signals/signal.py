"""The interface of a signal: a check of a media item that runs before the model."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from inference.errors import Unprocessable
from inference.media.decoded import DecodedMedia
from schemas.posts import Media
from schemas.verdicts import Label


@dataclass(frozen=True)
class Finding:
    """The result of one signal for a media item.

    ``label`` is the signal's own label; None only adds information. A ``decisive`` finding sets the label of
    the media item, and the model does not run. Any other finding can only raise the label to ``suspected``.
    """

    label: Label | None
    decisive: bool = False
    detail: str = ""

    def __post_init__(self) -> None:
        if self.decisive and self.label is None:
            raise ValueError("a decisive finding needs a label")


@dataclass(frozen=True, eq=False)
class ExaminedMedia:
    """A media item as signals see it. Decoding happens once, when a signal or the model first needs it.

    ``decode`` returns the upright RGB frames; it decodes in a confined process.
    """

    media: Media
    data: bytes
    sha256: str
    decode: Callable[[], DecodedMedia]

    @property
    def decoded(self) -> DecodedMedia:
        """The upright RGB frames; raise :class:`~inference.errors.Unprocessable` if there are none."""
        if isinstance(self._decoded, Unprocessable):
            raise self._decoded
        return self._decoded

    @cached_property
    def _decoded(self) -> DecodedMedia | Unprocessable:
        try:
            return self.decode()
        except Unprocessable as refusal:
            return refusal


class Signal(Protocol):
    """One check. Called from several threads at once.

    The version is part of the analysis identity: raise it whenever the signal may answer differently, and
    media items that were analysed before are analysed again.
    """

    @property
    def name(self) -> str: ...
    @property
    def version(self) -> str: ...
    def examine(self, media: ExaminedMedia) -> Finding | None:
        """Return what the signal found; None if it has nothing to say.

        An exception fails the event like any other error of a handler: it is retried.
        """
        ...
