"""Detection: reads a post event, judges its media and answers with one verdict.

Each event is prepared in a thread of the loop, which waits until the model has seen all new media items of
the post; the model works on batches across events. An event that was answered before gets the same answer
again.
"""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import BoundedSemaphore

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from inference.detector import Detector
from pipeline.consumers.detection.analysed_item import AnalysedItem
from pipeline.consumers.detection.analyser import MediaAnalyser
from pipeline.consumers.detection.analysis_identity import analysis_identity
from pipeline.consumers.detection.assembly import Request, request_of, resolve, verdict
from pipeline.consumers.detection.evidence_uploads import EvidenceUploader
from pipeline.consumers.detection.known_media_follower import KnownMediaFollower
from pipeline.consumers.detection.media_decoder import MediaDecoder
from pipeline.consumers.detection.media_fetcher import MediaFetcher
from pipeline.consumers.detection.model_queue import BatchLimits, ModelQueue
from pipeline.consumers.detection.preparation import Judged, MediaPreparation
from pipeline.consumers.detection.shadow import Shadow
from pipeline.consumers.detection.signals import Signal
from pipeline.consumers.detection.signals.combination import combine
from pipeline.consumers.detection.subscriptions import SUBSCRIPTIONS, priority_of
from pipeline.errors import EarlyEventError
from pipeline.runtime import metrics
from pipeline.runtime.consumer import Answer
from pipeline.settings import ExplainSettings
from schemas.envelope import Event, encode
from schemas.posts import PostCreated
from schemas.verdicts import MediaVerdict, ModelRef, VerdictIssued
from storage import analyses, media_objects, pending_evidence, posts, verdicts
from storage.database import transaction
from storage.objects import ObjectVersion
from storage.pending_evidence import EvidenceFile

MAX_BATCH_SECONDS = 120.0  # a batch takes a second; a model that hangs makes the worker unhealthy


# Threads that look up and fetch at the same time, besides one for each decoding process; the others wait for
# the model. More of them only take the interpreter from one another.
ACTIVE = 4
_DEFAULT_BATCH = BatchLimits()


class PostNotSeenError(EarlyEventError):
    """A report or appeal arrived before the post that it is about."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """An event whose media items are judged, or that was answered earlier."""

    request: Request
    media: Sequence[AnalysedItem] = ()
    versions: Sequence[ObjectVersion | None] = ()  # of the objects that were read for them
    answered: VerdictIssued | None = None
    timings: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class _Begun:
    """An event whose new media items wait for the model."""

    request: Request
    media: Sequence[Judged]
    timings: dict[str, float]


class Detection:
    """The consumer of the ``posts.`` topics."""

    name = "detection"
    subscriptions = SUBSCRIPTIONS

    def __init__(
        self,
        detector: Detector,
        fetcher: MediaFetcher,
        decoder: MediaDecoder,
        database: Engine,
        uploader: EvidenceUploader,
        *,
        known: KnownMediaFollower,
        explain: ExplainSettings,
        source: str,
        unknown_post_tries: int,
        batch: BatchLimits = _DEFAULT_BATCH,
        active: int = 2 * ACTIVE,
        signals: Sequence[Signal] = (),
        shadow: Shadow | None = None,
    ) -> None:
        self._active = BoundedSemaphore(active)
        self._database = database
        self._source = source
        self._unknown_post_tries = unknown_post_tries
        self._shadow = shadow
        self._uploader = uploader
        self._known = known
        self._model = ModelRef(**vars(detector.model))
        self.identity = analysis_identity(detector.card, signals)
        analyser = MediaAnalyser(
            detector, database, uploader, explain=explain, identity=self.identity, shadow=shadow
        )
        self._models = ModelQueue(analyser.analyse, batch)
        self._preparation = MediaPreparation(
            fetcher, decoder, self._models, database, signals, known=known.media, identity=self.identity
        )

    @property
    def alive(self) -> bool:
        """Whether the model's thread runs and does not hang, and known media are followed."""
        model = self._models.alive and self._models.busy_seconds() < MAX_BATCH_SECONDS
        return model and not self._known.failed

    # -- one event, in one of several threads --------------------------------------------------------

    def prepare(self, event: Event, attempt: int) -> Prepared:
        """Judge the media of one event. Those of a stored post win."""
        self._known.require_loaded()
        with self._active:
            prepared = self._begin(event, attempt)
        if isinstance(prepared, Prepared):
            return prepared
        return Prepared(
            prepared.request,
            [item.wait() for item in prepared.media],
            [item.version for item in prepared.media],
            timings=prepared.timings,
        )

    def _begin(self, event: Event, attempt: int) -> "Prepared | _Begun":
        """Look up, fetch and decode; the model has the new media items when this returns."""
        start = time.monotonic()
        request = request_of(event)
        with transaction(self._database) as session:
            is_new = isinstance(event.body, PostCreated) and posts.keep(session, event.body)
            answered = verdicts.find(session, request.post_id, request.trigger, self.identity)
            stored = request.media if is_new else posts.media(session, request.post_id)
            request = resolve(request, stored)
            recalled = self._preparation.earlier.recall(session, request.media)
        if answered is not None:
            return Prepared(request, answered=answered)
        if request.needs_post and attempt < self._unknown_post_tries:
            raise PostNotSeenError(f"post {request.post_id!r} was not published to us yet")
        priority = priority_of(event)
        judged = [self._preparation.judge(item, recalled.get(item.uri), priority) for item in request.media]
        return _Begun(request, judged, {"fetch_decode": time.monotonic() - start})

    # -- a batch of events, in the loop's compute thread ---------------------------------------------

    def handle(self, batch: Sequence[Prepared]) -> Sequence[Answer | Exception]:
        """Store and return the answer to each event."""
        answers = [event.answered or self._answer(event) for event in batch]
        stored = self._store(batch, answers)
        if self._shadow is not None:
            self._shadow.publish(
                [answer for event, answer in zip(batch, stored, strict=True) if event.answered is None]
            )
        return [self._publishable(answer) for answer in stored]

    def _answer(self, event: Prepared) -> VerdictIssued:
        timings = Counter(event.timings)
        for item in event.media:
            timings.update(item.timings)
        return verdict(
            event.request,
            [self._with_known(item) for item in event.media],
            self._model,
            identity=self.identity,
            timings=timings,
            now=datetime.now(UTC),
        )

    def _with_known(self, item: AnalysedItem) -> MediaVerdict:
        """Return the verdict on a media item with what is known of it now, beside its analysis."""
        finding = self._known.media.find(item.verdict.sha256, item.pdqs, time.monotonic())
        if finding is None:
            return item.verdict
        metrics.KNOWN_MEDIA.labels("decisive" if finding.decisive else "advisory").inc()
        if item.settled:
            return item.verdict
        return combine(item.verdict, (finding, *item.verdict.signals))

    def _store(self, batch: Sequence[Prepared], answers: Sequence[VerdictIssued]) -> list[VerdictIssued]:
        """Store analyses, evidence and answers. Return the earlier answer to an event that has one by now."""
        stored = []
        with transaction(self._database) as session:
            evidence = [file for event in batch for file in self._keep_analyses(session, event)]
            pending_evidence.add(session, evidence)
            for answer in answers:
                if verdicts.keep(session, answer, self.identity):
                    stored.append(answer)
                else:
                    earlier = verdicts.find(session, answer.post_id, answer.trigger, self.identity)
                    stored.append(earlier or answer)
        if evidence:
            self._uploader.wake()
        return stored

    def _keep_analyses(self, session: Session, event: Prepared) -> list[EvidenceFile]:
        """Store the new analyses of an event, and which objects they are of; return their evidence."""
        evidence: list[EvidenceFile] = []
        for item, version in zip(event.media, event.versions, strict=True):
            verdict = item.verdict
            if _is_new(item) and analyses.keep(session, verdict, self.identity, item.pdqs):
                evidence += item.evidence
            if version is not None and verdict.sha256 is not None:
                media_objects.remember(session, verdict.uri, version, verdict.sha256)
        return evidence

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


def _is_new(item: AnalysedItem) -> bool:
    """Return whether this is a result of now that holds for these bytes: of the model, or of a signal."""
    verdict = item.verdict
    if item.settled or verdict.reused or verdict.sha256 is None:
        return False
    return verdict.pdq is not None or (bool(verdict.signals) and verdict.reason is None)
