"""The evidence beside the verdicts of a batch: crops of every flagged media, pictures as time allows.

What the pictures show is decided in `inference`; a failure to draw them costs pictures, never the verdict.
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

Judged = tuple[DecodedMedia, MediaAnalysis]

log = structlog.get_logger(__name__)


def evidence(detector: Detector, judged: Sequence[Judged], settings: ExplainSettings) -> list[list[Evidence]]:
    """The evidence of each media, in the order given; the budget goes to the highest scores first."""
    kept = [face_crops(media, analysis) for media, analysis in judged]
    if not settings.enabled:
        return kept
    end = monotonic() + settings.budget_seconds
    flagged = [index for index, (_, analysis) in enumerate(judged) if is_flagged(analysis)]
    for index in sorted(flagged, key=lambda index: judged[index][1].score or 0.0, reverse=True):
        began = monotonic()
        kept[index] += explained(detector, judged[index], end - began)
        metrics.STAGE_SECONDS.labels("explain").observe(monotonic() - began)
    return kept


def explained(detector: Detector, judged: Judged, budget_seconds: float) -> list[Evidence]:
    """The pictures of one flagged media that could be drawn in this time."""
    media, analysis = judged
    drawn: list[Evidence] = []
    try:
        for picture in detector.explain(media, analysis, budget_seconds):
            drawn.append(picture)  # one by one: those before a failure are kept
    except Exception:  # whatever fails here, the verdict is known and must go out
        log.exception("explanation.failed", sha256=analysis.sha256)
        outcome = FAILED
    else:
        outcome = COMPLETE if len(drawn) == planned(analysis) else CUT_SHORT
    metrics.EXPLANATIONS.labels(outcome).inc()
    return drawn
