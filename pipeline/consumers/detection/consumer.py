"""Detection: a post event comes in, its media are fetched, decoded and judged, one verdict goes out.

Fetching and decoding happen in the loop's threads, one event each; the model works on all new media of a
batch of events together. An event that was answered before gets the same answer again.
"""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import structlog
from sqlalchemy import Engine

from inference.analysis import MediaAnalysis
from inference.detector import Detector
from inference.errors import Unprocessable
from inference.evidence import Evidence
from inference.media.decode import decode
from inference.media.decoded import DecodedMedia
from inference.media.limits import MediaLimits
from pipeline.consumers.detection.assembly import Question, judged, question, refused, verdict
from pipeline.consumers.detection.explanations import Judged, evidence
from pipeline.consumers.detection.media_fetcher import MediaFetcher
from pipeline.consumers.detection.shadow import Shadow
from pipeline.consumers.detection.subscriptions import SUBSCRIPTIONS
from pipeline.errors import TransientError
from pipeline.runtime import metrics
from pipeline.runtime.consumer import Answer
from pipeline.settings import ExplainSettings
from schemas.envelope import Event, encode
from schemas.posts import Media, PostCreated
from schemas.verdicts import MediaVerdict, ModelRef, VerdictIssued
from storage import analyses, posts, verdicts
from storage.database import transaction
from storage.objects import ObjectStore

log = structlog.get_logger(__name__)


class PostNotSeenError(TransientError):
    """A report or appeal came before the post that it is about."""


@dataclass(frozen=True, eq=False)
class Undecided:
    """A media that the model must look at."""

    media: Media
    decoded: DecodedMedia
    timings: dict[str, float] = field(default_factory=dict)  # seconds by stage, once it was judged


@dataclass(frozen=True, eq=False)
class Prepared:
    """An event ready for its batch: what is known of each of its media, or the answer it got before."""

    asked: Question
    media: Sequence[MediaVerdict | Undecided] = ()
    answered: VerdictIssued | None = None
    timings: dict[str, float] = field(default_factory=dict)


class Detection:
    """The consumer of the ``posts.`` topics."""

    name = "detection"
    subscriptions = SUBSCRIPTIONS

    def __init__(
        self,
        detector: Detector,
        fetcher: MediaFetcher,
        database: Engine,
        objects: ObjectStore,
        *,
        evidence_bucket: str,
        explain: ExplainSettings,
        limits: MediaLimits,
        source: str,
        unknown_post_tries: int,
        shadow: Shadow | None = None,
    ) -> None:
        self._detector = detector
        self._fetcher = fetcher
        self._database = database
        self._objects = objects
        self._evidence_bucket = evidence_bucket
        self._explain = explain
        self._limits = limits
        self._source = source
        self._unknown_post_tries = unknown_post_tries
        self._shadow = shadow
        identity = detector.model
        self._model = ModelRef(
            name=identity.name, version=identity.version, weights_sha256=identity.weights_sha256
        )
        self._version = verdicts.model_version(self._model)

    # -- one event, in one of several threads --------------------------------------------------------

    def prepare(self, event: Event, attempt: int) -> Prepared:
        """Fetch and decode what has not been analysed before."""
        began = time.monotonic()
        asked = question(event)
        with transaction(self._database) as session:
            if isinstance(event.body, PostCreated):
                posts.keep(session, event.body)
            answered = verdicts.find(session, event.id, self._version)
            media = asked.media or posts.media(session, asked.post_id)
        if answered is not None:
            return Prepared(asked, answered=answered)
        if not media and attempt < self._unknown_post_tries:
            raise PostNotSeenError(
                f"post {asked.post_id!r} was not published to us, and the event has no media"
            )
        examined = [self._examine(one) for one in media]
        return Prepared(asked, examined, timings={"fetch_decode": time.monotonic() - began})

    def _examine(self, media: Media) -> MediaVerdict | Undecided:
        sha256: str | None = None
        try:
            fetched = self._fetcher.fetch(media)
            sha256 = fetched.sha256
            with transaction(self._database) as session:
                known = analyses.find(session, [sha256], self._version).get(sha256)
            if known is not None:
                return known.at(media.uri)
            return Undecided(media, decode(fetched.data, media.media_type, self._limits))
        except Unprocessable as refusal:
            return refused(media, refusal, sha256)

    # -- a batch of events, in the compute thread ----------------------------------------------------

    def cost(self, prepared: Prepared) -> int:
        """Frames that the model must look at."""
        return sum(len(one.decoded.frames) for one in prepared.media if isinstance(one, Undecided))

    def size(self, prepared: Prepared) -> int:
        """Bytes of those frames."""
        return sum(one.decoded.nbytes for one in prepared.media if isinstance(one, Undecided))

    def handle(self, batch: Sequence[Prepared]) -> Sequence[Answer | Exception]:
        """Judge the new media of all events together and answer each event."""
        undecided = [one for event in batch for one in event.media if isinstance(one, Undecided)]
        findings, judged_now = self._judge(undecided)
        answers = [event.answered or self._answer(event, findings) for event in batch]
        standing = self._keep(answers, list(findings.values()))
        if self._shadow is not None:
            self._shadow.submit(judged_now, standing)
        return [self._handled(answer) for answer in standing]

    def _judge(self, undecided: Sequence[Undecided]) -> tuple[dict[str, MediaVerdict], list[Judged]]:
        """What is said of each distinct content, by SHA-256; found by the batch before, it is not redone.

        Second, what the model had to look at.
        """
        distinct = {one.decoded.sha256: one for one in undecided}
        with transaction(self._database) as session:
            known = analyses.find(session, list(distinct), self._version)
        new = [one for sha256, one in distinct.items() if sha256 not in known]
        found = {sha256: known[sha256].at(distinct[sha256].media.uri) for sha256 in known}
        analysed = self._detector.analyse([one.decoded for one in new])
        judged_now = [(one.decoded, analysis) for one, analysis in zip(new, analysed, strict=True)]
        shown = evidence(self._detector, judged_now, self._explain)
        for one, analysis, pictures in zip(new, analysed, shown, strict=True):
            found[analysis.sha256] = judged(one.media, analysis, self._keep_evidence(analysis, pictures))
            one.timings.update(analysis.timings)
            for stage, seconds in analysis.timings.items():
                metrics.STAGE_SECONDS.labels(stage).observe(seconds)
        return found, judged_now

    def _keep_evidence(self, analysis: MediaAnalysis, pictures: Sequence[Evidence]) -> list[str]:
        """Store what a moderator should look at, under the content's own name; returns the URIs."""
        folder = f"{analysis.sha256}/{self._version}"
        return [
            self._objects.put(self._evidence_bucket, f"{folder}/{one.name}", one.content, one.media_type)
            for one in pictures
        ]

    def _answer(self, event: Prepared, findings: dict[str, MediaVerdict]) -> VerdictIssued:
        media = [
            findings[one.decoded.sha256].model_copy(update={"uri": one.media.uri})
            if isinstance(one, Undecided)
            else one
            for one in event.media
        ]
        timings = Counter(event.timings)
        for one in event.media:
            if isinstance(one, Undecided):
                timings.update(one.timings)
        return verdict(event.asked, media, self._model, timings=timings, now=datetime.now(UTC))

    def _keep(self, answers: Sequence[VerdictIssued], found: Sequence[MediaVerdict]) -> list[VerdictIssued]:
        """Store findings and answers; where an event was answered meanwhile, that answer stands."""
        standing = []
        with transaction(self._database) as session:
            for finding in found:
                if not finding.reused:
                    analyses.keep(session, finding, self._version)
            for answer in answers:
                if verdicts.keep(session, answer):
                    standing.append(answer)
                else:
                    standing.append(verdicts.find(session, answer.trigger.event_id, self._version) or answer)
        return standing

    def _handled(self, answer: VerdictIssued) -> Answer:
        for one in answer.media:
            metrics.MEDIA.labels(one.label.value).inc()
            if one.reused:
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
                "reused": sum(one.reused for one in answer.media),
                "model": self._version,
            },
        )
