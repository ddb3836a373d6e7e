"""The interface of a signal: a check of a media item that runs before the model."""

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import structlog

from inference.errors import Unprocessable
from inference.media.decode import decode
from inference.media.decoded import DecodedMedia
from inference.media.limits import MediaLimits
from schemas.posts import Media
from schemas.verdicts import Label, UnprocessableReason

log = structlog.get_logger(__name__)


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
    """A media item as signals see it. Decoding happens once, when a signal or the model first needs it."""

    media: Media
    data: bytes
    sha256: str
    limits: MediaLimits

    @cached_property
    def decoded(self) -> DecodedMedia:
        """The upright RGB frames; raise :class:`~inference.errors.Unprocessable` if there are none."""
        try:
            return decode(self.data, self.media.media_type, self.limits)
        except (Unprocessable, MemoryError):  # memory may be free again at the next try
            raise
        except Exception as error:
            # A retry would fail on the same bytes. The other media items of the post get their verdict.
            log.exception("media.decoder_failed", uri=self.media.uri, sha256=self.sha256)
            reason = f"the decoder failed: {type(error).__name__}: {error}"
            raise Unprocessable(UnprocessableReason.UNDECODABLE, reason) from error


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
