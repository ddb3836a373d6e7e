"""Judges one media item: looks up an earlier analysis, fetches, runs the signals, decodes, asks the model.

Runs in the loop's threads. The model has a thread of its own, so the result may come later.
"""

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

from sqlalchemy import Engine

from inference.errors import Unprocessable
from inference.media.decoded import DecodedMedia
from pipeline.consumers.detection.analysed_item import AnalysedItem
from pipeline.consumers.detection.analyser import PendingMedia
from pipeline.consumers.detection.assembly import refusal_verdict
from pipeline.consumers.detection.earlier_analyses import EarlierAnalyses
from pipeline.consumers.detection.known_media import KnownMedia
from pipeline.consumers.detection.media_decoder import MediaDecoder
from pipeline.consumers.detection.media_fetcher import FetchedMedia, MediaFetcher
from pipeline.consumers.detection.memory_budget import Reservation
from pipeline.consumers.detection.model_queue import ModelQueue
from pipeline.consumers.detection.signals import ExaminedMedia, Signal
from pipeline.consumers.detection.signals.combination import combine, decided_verdict, decisive
from pipeline.consumers.detection.signals.examination import examine
from schemas.posts import Media
from schemas.verdicts import SignalFinding
from storage.media_objects import KnownObject
from storage.objects import ObjectVersion


@dataclass(frozen=True, eq=False)
class Judged:
    """A media item: its result, which may come later, and the version of the object if it was read now."""

    result: AnalysedItem | Future[AnalysedItem]
    version: ObjectVersion | None = None

    def wait(self) -> AnalysedItem:
        """Return the result, once the model has seen the media item."""
        return self.result.result() if isinstance(self.result, Future) else self.result


@dataclass(eq=False)
class _Decoding:
    """Decodes a fetched media item once, when a signal or the model asks for its frames."""

    decoder: MediaDecoder
    media: Media
    fetched: FetchedMedia
    reservation: Reservation | None = field(default=None)

    def __call__(self) -> DecodedMedia:
        decoded, self.reservation = self.decoder.decode(self.fetched.data, self.media.media_type)
        return decoded

    def release(self) -> None:
        if self.reservation is not None:
            self.reservation.release()


class MediaPreparation:
    """Judges media items. Safe to call from several threads."""

    def __init__(
        self,
        fetcher: MediaFetcher,
        decoder: MediaDecoder,
        models: ModelQueue[PendingMedia, AnalysedItem],
        database: Engine,
        signals: Sequence[Signal],
        *,
        known: KnownMedia,
        identity: str,
    ) -> None:
        """``identity`` is the analysis identity under which earlier analyses are looked up."""
        self._fetcher = fetcher
        self._decoder = decoder
        self._models = models
        self.earlier = EarlierAnalyses(fetcher, database, identity=identity)
        self._known = known
        self._signals = signals

    def judge(self, media: Media, recalled: KnownObject | None, priority: int) -> Judged:
        """Return the verdict if it is known without the model, else the future of the model's analysis.

        ``recalled`` is what is known of the object, by :meth:`EarlierAnalyses.recall`.
        """
        try:
            if recalled is not None and (earlier := self.earlier.confirm(media, recalled)) is not None:
                return Judged(earlier)
            fetched = self._fetcher.fetch(media)
        except Unprocessable as refusal:
            return Judged(AnalysedItem(refusal_verdict(media, refusal)))
        try:
            settled = self._settled(media, fetched) or self.earlier.find_fetched(media, fetched)
            return Judged(settled or self._examine(media, fetched, priority), fetched.version)
        finally:
            fetched.memory.release()

    def _settled(self, media: Media, fetched: FetchedMedia) -> AnalysedItem | None:
        """Return the verdict on bytes whose label is known, so that nothing need look at them."""
        finding = self._known.settled(fetched.sha256)
        if finding is None:
            return None
        return AnalysedItem(decided_verdict(media.uri, fetched.sha256, [finding]), settled=True)

    def _examine(
        self, media: Media, fetched: FetchedMedia, priority: int
    ) -> AnalysedItem | Future[AnalysedItem]:
        decoding = _Decoding(self._decoder, media, fetched)
        examined = ExaminedMedia(media, fetched.data, fetched.sha256, decoding)
        findings: tuple[SignalFinding, ...] = ()
        try:
            findings = examine(examined, self._signals)
            if decisive(findings) is None:
                pending = PendingMedia(media, examined.decoded, findings)
                return self._submit(pending, decoding, priority)
            verdict = decided_verdict(media.uri, fetched.sha256, findings)
        except Unprocessable as refusal:
            verdict = combine(refusal_verdict(media, refusal, fetched.sha256), findings)
        except BaseException:
            decoding.release()
            raise
        decoding.release()
        return AnalysedItem(verdict)

    def _submit(self, pending: PendingMedia, decoding: _Decoding, priority: int) -> Future[AnalysedItem]:
        """Queue the item for the model. Its frames count until the model has seen them."""
        future = self._models.submit(pending, cost=len(pending.decoded.frames), priority=priority)
        future.add_done_callback(lambda _: decoding.release())
        return future
