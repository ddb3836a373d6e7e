"""Shadow mode: a second model analyses the same media as the serving model, for comparison only.

It runs after the verdicts, in its own low-priority thread, on frames and faces that are already in memory. If
it falls behind, batches are dropped and counted. A failure affects shadow verdicts only.
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

MAX_QUEUED_BYTES = 200_000_000  # decoded frames in the queue, in addition to those of the loop
NICENESS = 10  # about a tenth of the usual CPU share when all cores are busy
DELIVERY_TIMEOUT_MS = 30_000  # then the shadow verdict is dropped
STOP_SECONDS = 4.0  # a worker has 30 s to stop, and its loop takes up to 25
PUBLISHED, DROPPED, FAILED = "published", "dropped", "failed"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, eq=False)
class Batch:
    """Media items that the serving model analysed, and the verdicts on them."""

    analysed: Sequence[AnalysedMedia]
    verdicts: Sequence[VerdictIssued]

    @property
    def nbytes(self) -> int:
        """Memory that the frames hold, in bytes."""
        return sum(media.nbytes for media, _ in self.analysed)


class Shadow:
    """Runs the shadow model in a thread, which also calls ``load`` so that detection can start earlier."""

    def __init__(
        self,
        load: Callable[[], Detector],
        publisher: RecordPublisher,
        *,
        source: str,
        max_queued_bytes: int = MAX_QUEUED_BYTES,
    ) -> None:
        self._load = load
        self._publisher = publisher
        self._source = source
        self._max_queued_bytes = max_queued_bytes
        self._queued_bytes = 0
        self._abort = False
        self._lock = threading.Lock()
        self._batches: SimpleQueue[Batch | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="shadow", daemon=True)
        self._thread.start()

    def submit(self, analysed: Sequence[AnalysedMedia], verdicts: Sequence[VerdictIssued]) -> None:
        """Queue a batch for the shadow model. Never blocks and never raises.

        An empty queue accepts any batch; otherwise a batch must fit into the memory limit.
        """
        hashes = {analysis.sha256 for _, analysis in analysed}
        batch = Batch(
            analysed,
            [verdict for verdict in verdicts if any(media.sha256 in hashes for media in verdict.media)],
        )
        if not batch.verdicts:
            return
        with self._lock:
            fits = self._queued_bytes == 0 or self._queued_bytes + batch.nbytes <= self._max_queued_bytes
            if fits:
                self._queued_bytes += batch.nbytes
        if fits:
            self._batches.put(batch)
        else:
            metrics.SHADOW_VERDICTS.labels(DROPPED).inc(len(batch.verdicts))

    def close(self, seconds: float, *, finish: bool = True) -> None:
        """Stop after the queued batches (``finish``) or the current batch; wait up to ``seconds``."""
        self._abort = not finish
        self._batches.put(None)
        self._thread.join(seconds)

    def _run(self) -> None:
        _lower_priority()
        detector = self._try_load()
        while (batch := self._batches.get()) is not None and not self._abort:
            for verdict in self._analyse(detector, batch):
                self._publish(verdict)
            self._publisher.flush(DELIVERY_TIMEOUT_MS / 1000)
            with self._lock:
                self._queued_bytes -= batch.nbytes

    def _try_load(self) -> Detector | None:
        try:
            return self._load()
        except Exception:  # the boundary: detection works without the shadow model
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
        self._publisher.send(message, metrics.SHADOW_VERDICTS.labels(PUBLISHED).inc, _on_rejected)


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


def _on_rejected(error: PublishError) -> None:
    log.warning("shadow.refused", error=str(error))
    metrics.SHADOW_VERDICTS.labels(FAILED).inc()


def _lower_priority() -> None:
    """Lower the priority of this thread and of those it starts. Only Linux has priorities per thread."""
    if sys.platform == "linux":
        thread = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, thread, min(19, os.getpriority(os.PRIO_PROCESS, thread) + NICENESS))
