"""Shadow mode: a model on trial judges the media that the first one has judged, for comparison alone.

It works behind the verdicts, in a thread of its own at a lower priority, on pictures and faces that are in
memory already. What it cannot keep up with is dropped and counted; no failure here reaches a verdict.
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
from pipeline.consumers.detection.assembly import shadow_verdict
from pipeline.consumers.detection.explanations import Judged
from pipeline.runtime import metrics
from pipeline.runtime.kafka import PublishError, RecordPublisher
from schemas.envelope import encode
from schemas.verdicts import ModelRef, ShadowVerdict, VerdictIssued

HELD_BYTES = 200_000_000  # decoded pictures that wait here, beside those that wait for the first model
NICENESS = 10  # on busy cores a tenth of a thread's usual share
DELIVERY_MS = 30_000  # a broker that is away is not waited for: nobody misses a shadow
STOP_SECONDS = 4.0  # of the 30 that a worker has to stop, its loop takes up to 25
PUBLISHED, DROPPED, FAILED = "published", "dropped", "failed"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, eq=False)
class Batch:
    """Media that the first model has looked at, and the verdicts that it gave on them."""

    judged: Sequence[Judged]
    verdicts: Sequence[VerdictIssued]

    @property
    def nbytes(self) -> int:
        """Bytes that it holds in memory."""
        return sum(media.nbytes for media, _ in self.judged)


class Shadow:
    """The thread of the model on trial. ``load`` is called in it, so that the first model need not wait."""

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
        self._most = held_bytes
        self._held = 0
        self._given_up = False
        self._lock = threading.Lock()
        self._batches: SimpleQueue[Batch | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="shadow", daemon=True)
        self._thread.start()

    def submit(self, judged: Sequence[Judged], verdicts: Sequence[VerdictIssued]) -> None:
        """Let the model on trial look at what was judged just now; returns at once, whatever happens.

        One batch is always taken; further ones while they fit into memory.
        """
        hashes = {analysis.sha256 for _, analysis in judged}
        batch = Batch(
            judged, [each for each in verdicts if any(media.sha256 in hashes for media in each.media)]
        )
        if not batch.verdicts:
            return
        with self._lock:
            fits = self._held == 0 or self._held + batch.nbytes <= self._most
            if fits:
                self._held += batch.nbytes
        if fits:
            self._batches.put(batch)
        else:
            metrics.SHADOW_VERDICTS.labels(DROPPED).inc(len(batch.verdicts))

    def close(self, seconds: float, *, finish: bool = True) -> None:
        """End the thread after what was taken, or at once after what is under way; waits at most so long."""
        self._given_up = not finish
        self._batches.put(None)
        self._thread.join(seconds)

    def _run(self) -> None:
        _step_back()
        detector = self._loaded()
        while (batch := self._batches.get()) is not None and not self._given_up:
            for said in self._judge(detector, batch):
                self._publish(said)
            self._publisher.flush(DELIVERY_MS / 1000)
            with self._lock:
                self._held -= batch.nbytes

    def _loaded(self) -> Detector | None:
        try:
            return self._load()
        except Exception:  # the boundary: without its shadow, detection works as ever
            log.exception("shadow.not_loaded")
            return None

    def _judge(self, detector: Detector | None, batch: Batch) -> list[ShadowVerdict]:
        try:
            if detector is not None:
                return _verdicts(detector, batch)
        except Exception:  # likewise
            log.exception("shadow.failed", posts=[each.post_id for each in batch.verdicts])
        metrics.SHADOW_VERDICTS.labels(FAILED).inc(len(batch.verdicts))
        return []

    def _publish(self, said: ShadowVerdict) -> None:
        message = encode(
            said, id=str(said.shadow_id), source=self._source, key=said.post_id, time=said.issued_at
        )
        self._publisher.send(message, metrics.SHADOW_VERDICTS.labels(PUBLISHED).inc, _refused)


def _verdicts(detector: Detector, batch: Batch) -> list[ShadowVerdict]:
    analyses = detector.analyse_again(
        [media for media, _ in batch.judged], [before for _, before in batch.judged]
    )
    model = ModelRef(
        name=detector.model.name, version=detector.model.version, weights_sha256=detector.model.weights_sha256
    )
    for analysis in analyses:
        metrics.STAGE_SECONDS.labels("shadow").observe(sum(analysis.timings.values()))
    opinions = {analysis.sha256: analysis for analysis in analyses}
    said = [shadow_verdict(each, opinions, model, datetime.now(UTC)) for each in batch.verdicts]
    return [each for each in said if each is not None]


def _refused(error: PublishError) -> None:
    log.warning("shadow.refused", error=str(error))
    metrics.SHADOW_VERDICTS.labels(FAILED).inc()


def _step_back() -> None:
    """Lower this thread's priority, and that of those it starts; only Linux has one for each thread."""
    if sys.platform == "linux":
        thread = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, thread, min(19, os.getpriority(os.PRIO_PROCESS, thread) + NICENESS))
