"""Makes the evidence for the verdicts of a batch: face crops for every flagged media item, then explanatory
pictures within a time budget.

`inference` decides what the pictures show. If drawing fails, the verdict goes out without pictures.
"""

from collections.abc import Sequence
from time import monotonic

import structlog

from inference.analysis import MediaAnalysis
from inference.detector import Detector
from inference.evidence import Evidence, face_crops, is_flagged
from inference.explanation.pictures import planned
from inference.media.decoded import DecodedMedia
from pipeline.runtime import metrics
from pipeline.settings import ExplainSettings

COMPLETE, CUT_SHORT, FAILED = "complete", "cut_short", "failed"

AnalysedMedia = tuple[DecodedMedia, MediaAnalysis]

log = structlog.get_logger(__name__)


def evidence(
    detector: Detector, analysed: Sequence[AnalysedMedia], settings: ExplainSettings
) -> list[list[Evidence]]:
    """Return the evidence for each media item, in order. The highest scores are explained first."""
    pictures = [_crops(media, analysis) for media, analysis in analysed]
    if not settings.enabled:
        return pictures
    deadline = monotonic() + settings.budget_seconds
    flagged = [index for index, (_, analysis) in enumerate(analysed) if is_flagged(analysis)]
    for index in sorted(flagged, key=lambda index: analysed[index][1].score or 0.0, reverse=True):
        start = monotonic()
        pictures[index] += explain(detector, analysed[index], deadline - start)
        metrics.STAGE_SECONDS.labels("explain").observe(monotonic() - start)
    return pictures


def _crops(media: DecodedMedia, analysis: MediaAnalysis) -> list[Evidence]:
    try:
        return face_crops(media, analysis)
    except Exception:  # as in explain: the verdict is known and must go out
        log.exception("crops.failed", sha256=analysis.sha256)
        metrics.EXPLANATIONS.labels(FAILED).inc()
        return []


def explain(detector: Detector, analysed: AnalysedMedia, budget_seconds: float) -> list[Evidence]:
    """Return the pictures of one flagged media item that could be drawn within the budget."""
    media, analysis = analysed
    drawn: list[Evidence] = []
    try:
        for picture in detector.explain(media, analysis, budget_seconds):
            drawn.append(picture)  # one at a time: pictures drawn before a failure are kept
    except Exception:  # the verdict is known and must go out, whatever fails here
        log.exception("explanation.failed", sha256=analysis.sha256)
        outcome = FAILED
    else:
        outcome = COMPLETE if len(drawn) == planned(analysis) else CUT_SHORT
    metrics.EXPLANATIONS.labels(outcome).inc()
    return drawn
