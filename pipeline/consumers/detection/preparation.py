"""Prepares one media item: look up an earlier analysis, fetch, run the signals, decode.

Runs in the loop's threads, without the model.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import Engine

from inference.errors import Unprocessable
from inference.media.decoded import DecodedMedia
from inference.media.limits import MediaLimits
from pipeline.consumers.detection.assembly import refusal_verdict
from pipeline.consumers.detection.known_media import KnownMedia
from pipeline.consumers.detection.media_fetcher import MediaFetcher
from pipeline.consumers.detection.signals import ExaminedMedia, Signal
from pipeline.consumers.detection.signals.combination import combine, decided_verdict, decisive
from pipeline.consumers.detection.signals.examination import examine
from schemas.posts import Media
from schemas.verdicts import MediaVerdict, SignalFinding


@dataclass(frozen=True, eq=False)
class PendingMedia:
    """A decoded media item that the model must analyse, with what the signals found."""

    media: Media
    decoded: DecodedMedia
    findings: tuple[SignalFinding, ...] = ()
    timings: dict[str, float] = field(default_factory=dict)  # seconds by stage, once it was analysed


class MediaPreparation:
    """Prepares media items. Safe to call from several threads."""

    def __init__(
        self,
        fetcher: MediaFetcher,
        database: Engine,
        signals: Sequence[Signal],
        *,
        identity: str,
        limits: MediaLimits,
    ) -> None:
        """``identity`` is the analysis identity under which earlier analyses are looked up."""
        self._fetcher = fetcher
        self._known = KnownMedia(fetcher, database, identity=identity)
        self._signals = signals
        self._limits = limits

    def prepare(self, media: Media) -> MediaVerdict | PendingMedia:
        """Return the verdict if it is known without the model, else the decoded media item."""
        try:
            if (known := self._known.find(media)) is not None:
                return known
            fetched = self._fetcher.fetch(media)
        except Unprocessable as refusal:
            return refusal_verdict(media, refusal)
        if (known := self._known.find_fetched(media, fetched)) is not None:
            return known
        return self._examine(ExaminedMedia(media, fetched.data, fetched.sha256, self._limits))

    def _examine(self, media: ExaminedMedia) -> MediaVerdict | PendingMedia:
        findings: tuple[SignalFinding, ...] = ()
        try:
            findings = examine(media, self._signals)
            if decisive(findings) is not None:
                return decided_verdict(media.media.uri, media.sha256, findings)
            return PendingMedia(media.media, media.decoded, findings)
        except Unprocessable as refusal:
            return combine(refusal_verdict(media.media, refusal, media.sha256), findings)
