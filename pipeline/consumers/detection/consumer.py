"""Detection: reads a post event, analyses its media and answers with one verdict.

Media are fetched and decoded in the loop's threads, one event at a time; the model analyses the new media of
a batch of events together. An event that was answered before gets the same answer again.
"""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import Engine

from inference.detector import Detector
from inference.media.limits import MediaLimits
from pipeline.consumers.detection.analyser import EvidenceStore, MediaAnalyser
from pipeline.consumers.detection.analysis_identity import analysis_identity
from pipeline.consumers.detection.assembly import Request, request_of, verdict
from pipeline.consumers.detection.media_fetcher import MediaFetcher
from pipeline.consumers.detection.preparation import MediaPreparation, PendingMedia
from pipeline.consumers.detection.shadow import Shadow
from pipeline.consumers.detection.signals import Signal
from pipeline.consumers.detection.subscriptions import SUBSCRIPTIONS
from pipeline.errors import EarlyEventError
from pipeline.runtime import metrics
from pipeline.runtime.consumer import Answer
from schemas.envelope import Event, encode
from schemas.posts import PostCreated
from schemas.verdicts import MediaVerdict, ModelRef, VerdictIssued
from storage import analyses, posts, verdicts
from storage.database import transaction


class PostNotSeenError(EarlyEventError):
    """A report or appeal arrived before the post that it is about."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """An event ready for its batch: what is known about each media item, or the earlier answer."""

    request: Request
    media: Sequence[MediaVerdict | PendingMedia] = ()
    answered: VerdictIssued | None = None
    timings: dict[str, float] = field(default_factory=dict)

    @property
    def pending(self) -> list[PendingMedia]:
        """The media items that the model must analyse."""
        return [item for item in self.media if isinstance(item, PendingMedia)]

    @property
    def decided(self) -> list[MediaVerdict]:
        """The verdicts that a signal decided just now; like the model's, they are kept."""
        return [
            item
            for item in self.media
            if isinstance(item, MediaVerdict) and not item.reused and item.signals and item.reason is None
        ]


class Detection:
    """The consumer of the ``posts.`` topics."""

    name = "detection"
    subscriptions = SUBSCRIPTIONS
    alive = True

    def __init__(
        self,
        detector: Detector,
        fetcher: MediaFetcher,
        database: Engine,
        evidence_store: EvidenceStore,
        *,
        limits: MediaLimits,
        source: str,
        unknown_post_tries: int,
        signals: Sequence[Signal] = (),
        shadow: Shadow | None = None,
    ) -> None:
        self._database = database
        self._source = source
        self._unknown_post_tries = unknown_post_tries
        self._shadow = shadow
        self._model = ModelRef(**vars(detector.model))
        self.identity = analysis_identity(detector.card, signals)
        self._preparation = MediaPreparation(
            fetcher, database, signals, identity=self.identity, limits=limits
        )
        self._analyser = MediaAnalyser(detector, database, evidence_store, identity=self.identity)

    # -- one event, in one of several threads --------------------------------------------------------

    def prepare(self, event: Event, attempt: int) -> Prepared:
        """Fetch and decode the media that were not analysed before."""
        start = time.monotonic()
        request = request_of(event)
        with transaction(self._database) as session:
            if isinstance(event.body, PostCreated):
                posts.keep(session, event.body)
            answered = verdicts.find(session, event.id, self.identity)
            media = request.media or posts.media(session, request.post_id)
        if answered is not None:
            return Prepared(request, answered=answered)
        if not media and attempt < self._unknown_post_tries:
            raise PostNotSeenError(
                f"post {request.post_id!r} was not published to us, and the event has no media"
            )
        prepared = [self._preparation.prepare(item) for item in media]
        return Prepared(request, prepared, timings={"fetch_decode": time.monotonic() - start})

    # -- a batch of events, in the compute thread ----------------------------------------------------

    def handle(self, batch: Sequence[Prepared]) -> Sequence[Answer | Exception]:
        """Analyse the new media of all events together and answer each event."""
        by_content, analysed = self._analyser.analyse([item for event in batch for item in event.pending])
        answers = [event.answered or self._answer(event, by_content) for event in batch]
        new = [*by_content.values(), *(item for event in batch for item in event.decided)]
        stored = self._store(answers, new)
        if self._shadow is not None:
            self._shadow.submit(analysed, stored)
        return [self._publishable(answer) for answer in stored]

    def _answer(self, event: Prepared, by_content: dict[str, MediaVerdict]) -> VerdictIssued:
        media = [
            by_content[item.decoded.sha256].model_copy(update={"uri": item.media.uri})
            if isinstance(item, PendingMedia)
            else item
            for item in event.media
        ]
        timings = Counter(event.timings)
        for item in event.pending:
            timings.update(item.timings)
        return verdict(
            event.request,
            media,
            self._model,
            identity=self.identity,
            timings=timings,
            now=datetime.now(UTC),
        )

    def _store(self, answers: Sequence[VerdictIssued], new: Sequence[MediaVerdict]) -> list[VerdictIssued]:
        """Store analyses and answers. If an event was answered in the meantime, return that answer."""
        stored = []
        with transaction(self._database) as session:
            for analysis in new:
                if not analysis.reused:
                    analyses.keep(session, analysis, self.identity)
            for answer in answers:
                if verdicts.keep(session, answer, self.identity):
                    stored.append(answer)
                else:
                    stored.append(verdicts.find(session, answer.trigger.event_id, self.identity) or answer)
        return stored

    def _publishable(self, answer: VerdictIssued) -> Answer:
        for item in answer.media:
            metrics.MEDIA.labels(item.label.value).inc()
            if item.reused:
                metrics.MEDIA_REUSED.inc()
        message = encode(
            answer,
            id=str(answer.verdict_id),
            source=self._source,
            key=answer.post_id,
            time=answer.issued_at,
        )
        return Answer(
            (message,),
            {
                "verdict_id": str(answer.verdict_id),
                "label": answer.label.value,
                "score": answer.score,
                "reason": answer.reason and answer.reason.value,
                "media": len(answer.media),
                "reused": sum(item.reused for item in answer.media),
                "model": f"{self._model.name}@{self._model.version}",
                "identity": self.identity,
            },
        )
