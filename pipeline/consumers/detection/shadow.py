"""Shadow mode: a second model analyses the same media as the serving model, for comparison only.

It runs behind the verdicts, in a thread of its own at a lower priority, on frames and faces that are in
memory already. Batches that it cannot keep up with are dropped and counted; its failures never reach a
verdict.
"""

import os
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from queue import SimpleQueue

import structlog

from inference.detector import Detector
from pipeline.consumers.detection.analysis_identity import analysis_identity
from pipeline.consumers.detection.assembly import shadow_verdict
from pipeline.consumers.detection.explanations import AnalysedMedia
from pipeline.runtime import metrics
from pipeline.runtime.kafka import PublishError, RecordPublisher
from schemas.envelope import encode
from schemas.verdicts import ModelRef, ShadowVerdict, VerdictIssued

HELD_BYTES = 200_000_000  # decoded frames that wait here, in addition to those waiting for the model
NICENESS = 10  # on busy cores about a tenth of a thread's usual share
DELIVERY_MS = 30_000  # then the shadow verdict is dropped: it is not worth waiting for the broker
STOP_SECONDS = 4.0  # a worker has 30 s to stop, of which its loop takes up to 25
PUBLISHED, DROPPED, FAILED = "published", "dropped", "failed"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, eq=False)
class Batch:
    """Media that the serving model analysed, and the verdicts on them."""

    analysed: Sequence[AnalysedMedia]
    verdicts: Sequence[VerdictIssued]

    @property
    def nbytes(self) -> int:
        """Memory that the frames hold, in bytes."""
        return sum(media.nbytes for media, _ in self.analysed)


class Shadow:
    """The thread of the shadow model. It calls ``load`` itself, so that the serving model need not wait."""

    def __init__(
        self,
        load: Callable[[], Detector],
        publisher: RecordPublisher,
        *,
        source: str,
        held_bytes: int = HELD_BYTES,
    ) -> None:
        self._load = load
        self._publisher = publisher
        self._source = source
        self._limit = held_bytes
        self._held = 0
        self._abort = False
        self._lock = threading.Lock()
        self._batches: SimpleQueue[Batch | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="shadow", daemon=True)
        self._thread.start()

    def submit(self, analysed: Sequence[AnalysedMedia], verdicts: Sequence[VerdictIssued]) -> None:
        """Queue what was analysed just now for the shadow model; never blocks and never raises.

        One batch is always accepted; further ones while they fit into memory.
        """
        hashes = {analysis.sha256 for _, analysis in analysed}
        batch = Batch(
            analysed,
            [verdict for verdict in verdicts if any(media.sha256 in hashes for media in verdict.media)],
        )
        if not batch.verdicts:
            return
        with self._lock:
            fits = self._held == 0 or self._held + batch.nbytes <= self._limit
            if fits:
                self._held += batch.nbytes
        if fits:
            self._batches.put(batch)
        else:
            metrics.SHADOW_VERDICTS.labels(DROPPED).inc(len(batch.verdicts))

    def close(self, seconds: float, *, finish: bool = True) -> None:
        """Stop after the queued batches (``finish``) or after the current one; wait ``seconds`` at most."""
        self._abort = not finish
        self._batches.put(None)
        self._thread.join(seconds)

    def _run(self) -> None:
        _lower_priority()
        detector = self._loaded()
        while (batch := self._batches.get()) is not None and not self._abort:
            for verdict in self._analyse(detector, batch):
                self._publish(verdict)
            self._publisher.flush(DELIVERY_MS / 1000)
            with self._lock:
                self._held -= batch.nbytes

    def _loaded(self) -> Detector | None:
        try:
            return self._load()
        except Exception:  # the boundary: without the shadow model, detection works as usual
            log.exception("shadow.not_loaded")
            return None

    def _analyse(self, detector: Detector | None, batch: Batch) -> list[ShadowVerdict]:
        try:
            if detector is not None:
                return _verdicts(detector, batch)
        except Exception:  # the boundary, as above
            log.exception("shadow.failed", posts=[verdict.post_id for verdict in batch.verdicts])
        metrics.SHADOW_VERDICTS.labels(FAILED).inc(len(batch.verdicts))
        return []

    def _publish(self, verdict: ShadowVerdict) -> None:
        message = encode(
            verdict,
            id=str(verdict.shadow_id),
            source=self._source,
            key=verdict.post_id,
            time=verdict.issued_at,
        )
        self._publisher.send(message, metrics.SHADOW_VERDICTS.labels(PUBLISHED).inc, _refused)


def _verdicts(detector: Detector, batch: Batch) -> list[ShadowVerdict]:
    analyses = detector.analyse_again(
        [media for media, _ in batch.analysed], [analysis for _, analysis in batch.analysed]
    )
    model = ModelRef(**vars(detector.model))
    identity = analysis_identity(detector.card)
    for analysis in analyses:
        metrics.STAGE_SECONDS.labels("shadow").observe(sum(analysis.timings.values()))
    by_content = {analysis.sha256: analysis for analysis in analyses}
    now = datetime.now(UTC)
    shadows = [
        shadow_verdict(verdict, by_content, model, identity=identity, now=now) for verdict in batch.verdicts
    ]
    return [shadow for shadow in shadows if shadow is not None]


def _refused(error: PublishError) -> None:
    log.warning("shadow.refused", error=str(error))
    metrics.SHADOW_VERDICTS.labels(FAILED).inc()


def _lower_priority() -> None:
    """Lower the priority of this thread and of those it starts. Only Linux has priorities per thread."""
    if sys.platform == "linux":
        thread = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, thread, min(19, os.getpriority(os.PRIO_PROCESS, thread) + NICENESS))
