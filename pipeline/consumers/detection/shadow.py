"""Shadow mode: a second model analyses the same media as the serving model, for comparison only.

It runs after the verdicts, in its own low-priority thread, on frames and faces that are already in memory. If
it falls behind, batches are dropped and counted. A failure affects shadow verdicts only.
"""

import os
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from queue import SimpleQueue

import structlog

from inference.analysis import MediaAnalysis
from inference.detector import Detector
from pipeline.consumers.detection.analysis_identity import analysis_identity
from pipeline.consumers.detection.assembly import shadow_verdict
from pipeline.consumers.detection.explanations import AnalysedMedia
from pipeline.runtime import metrics
from pipeline.runtime.kafka import PublishError, RecordPublisher
from schemas.envelope import encode
from schemas.verdicts import ModelRef, ShadowVerdict, VerdictIssued

MAX_QUEUED_BYTES = 200_000_000  # decoded frames in the queue, in addition to those of the model
MAX_RESULTS = 1_000  # media items between their analysis and their verdict: some seconds of work
NICENESS = 10  # about a tenth of the usual CPU share when all cores are busy
DELIVERY_TIMEOUT_MS = 30_000  # then the shadow verdict is dropped
STOP_SECONDS = 4.0  # a worker has 30 s to stop, and its loop takes up to 25
PUBLISHED, DROPPED, FAILED = "published", "dropped", "failed"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, eq=False)
class _Batch:
    """Media items that the serving model analysed; None in place of them if they were dropped."""

    hashes: tuple[str, ...]
    analysed: Sequence[AnalysedMedia] | None
    nbytes: int = 0


_Task = _Batch | tuple[VerdictIssued, ...] | None  # None: end


class Shadow:
    """Runs the shadow model in a thread, which also calls ``load`` so that detection can start earlier.

    Media items come from the model's batches, verdicts later, when all media items of the post are judged.
    Both go through one queue, so the shadow model has seen the media items before their verdict arrives.
    """

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
        self._results = _Results()
        self._tasks: SimpleQueue[_Task] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="shadow", daemon=True)
        self._thread.start()

    def offer(self, analysed: Sequence[AnalysedMedia]) -> None:
        """Queue a batch of media items for the shadow model. Never blocks and never raises.

        An empty queue accepts any batch; otherwise a batch must fit into the memory limit, or it is dropped.
        """
        if not analysed:
            return
        hashes = tuple(analysis.sha256 for _, analysis in analysed)
        nbytes = sum(media.nbytes for media, _ in analysed)
        with self._lock:
            fits = self._queued_bytes == 0 or self._queued_bytes + nbytes <= self._max_queued_bytes
            if fits:
                self._queued_bytes += nbytes
        self._tasks.put(_Batch(hashes, analysed, nbytes) if fits else _Batch(hashes, None))

    def publish(self, verdicts: Sequence[VerdictIssued]) -> None:
        """Publish a shadow verdict for each of ``verdicts`` whose media items were offered."""
        self._tasks.put(tuple(verdicts))

    def close(self, seconds: float, *, finish: bool = True) -> None:
        """Stop after the queued tasks (``finish``) or the current task; wait up to ``seconds``."""
        self._abort = not finish
        self._tasks.put(None)
        self._thread.join(seconds)

    def _run(self) -> None:
        _lower_priority()
        detector = self._try_load()
        while (task := self._tasks.get()) is not None and not self._abort:
            if isinstance(task, _Batch):
                self._results.add(task.hashes, self._analyse(detector, task))
                with self._lock:
                    self._queued_bytes -= task.nbytes
            else:
                for verdict in task:
                    self._publish(detector, verdict)
                self._publisher.flush(DELIVERY_TIMEOUT_MS / 1000)
            del task  # or the frames would stay in memory while the thread waits

    def _try_load(self) -> Detector | None:
        try:
            return self._load()
        except Exception:  # the boundary: detection works without the shadow model
            log.exception("shadow.not_loaded")
            return None

    def _analyse(self, detector: Detector | None, batch: _Batch) -> Sequence[MediaAnalysis] | str:
        """Return the shadow model's analyses, or the outcome in place of them."""
        if batch.analysed is None:
            return DROPPED
        if detector is None:
            return FAILED
        try:
            return _analyses(detector, batch.analysed)
        except Exception:  # the boundary, as above
            log.exception("shadow.failed", sha256=batch.hashes)
            return FAILED

    def _publish(self, detector: Detector | None, verdict: VerdictIssued) -> None:
        new = [item.sha256 for item in verdict.media if item.sha256 is not None and not item.reused]
        analyses, missing = self._results.find(new)
        shadow = _shadow_verdict(detector, verdict, analyses) if detector and analyses else None
        if shadow is None:
            if missing:
                metrics.SHADOW_VERDICTS.labels(missing[0]).inc()
            return
        message = encode(
            shadow,
            id=str(shadow.shadow_id),
            source=self._source,
            key=shadow.post_id,
            time=shadow.issued_at,
        )
        self._publisher.send(message, metrics.SHADOW_VERDICTS.labels(PUBLISHED).inc, _on_rejected)


class _Results:
    """What became of the media items that were offered last, by SHA-256."""

    def __init__(self) -> None:
        self._by_content: OrderedDict[str, MediaAnalysis | str] = OrderedDict()

    def add(self, hashes: Sequence[str], results: Sequence[MediaAnalysis] | str) -> None:
        """Add the analyses of a batch, or one outcome for all of them."""
        each = [results] * len(hashes) if isinstance(results, str) else results
        self._by_content.update(zip(hashes, each, strict=True))
        while len(self._by_content) > MAX_RESULTS:
            self._by_content.popitem(last=False)

    def find(self, hashes: Sequence[str]) -> tuple[dict[str, MediaAnalysis], list[str]]:
        """Return the analyses that exist, and the outcomes of media items that have none."""
        found = [(sha256, self._by_content[sha256]) for sha256 in hashes if sha256 in self._by_content]
        analyses = {sha256: result for sha256, result in found if isinstance(result, MediaAnalysis)}
        return analyses, [result for _, result in found if isinstance(result, str)]


def _analyses(detector: Detector, analysed: Sequence[AnalysedMedia]) -> list[MediaAnalysis]:
    analyses = detector.analyse_again(
        [media for media, _ in analysed], [analysis for _, analysis in analysed]
    )
    for analysis in analyses:
        metrics.STAGE_SECONDS.labels("shadow").observe(sum(analysis.timings.values()))
    return analyses


def _shadow_verdict(
    detector: Detector, verdict: VerdictIssued, analyses: Mapping[str, MediaAnalysis]
) -> ShadowVerdict | None:
    return shadow_verdict(
        verdict,
        analyses,
        ModelRef(**vars(detector.model)),
        identity=analysis_identity(detector.card),
        now=datetime.now(UTC),
    )


def _on_rejected(error: PublishError) -> None:
    log.warning("shadow.refused", error=str(error))
    metrics.SHADOW_VERDICTS.labels(FAILED).inc()


def _lower_priority() -> None:
    """Lower the priority of this thread and of those it starts. Only Linux has priorities per thread."""
    if sys.platform == "linux":
        thread = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, thread, min(19, os.getpriority(os.PRIO_PROCESS, thread) + NICENESS))
