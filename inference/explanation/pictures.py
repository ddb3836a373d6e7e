"""Draw the pictures that explain a flagged media item, one after the other within a time budget."""

from collections.abc import Callable, Iterator
from time import monotonic

from inference.analysis import FaceFinding, MediaAnalysis
from inference.evidence import Evidence, box_in_frame, encode_jpeg, is_flagged, suspects
from inference.explanation.render import Heat, heat_panel
from inference.explanation.timeline import timeline
from inference.face import Box
from inference.media.decoded import DecodedMedia, MediaKind, Pixels

TIMELINE = "timeline.png"

Look = Callable[[Pixels, Box], tuple[Pixels, Heat]]  # (picture, box) -> (the network's crop, its heat map)


def planned(analysis: MediaAnalysis) -> int:
    """Return how many pictures explain this media item if the time budget allows all of them."""
    return len(suspects(analysis)) + _has_timeline(analysis)


def explain(
    media: DecodedMedia, analysis: MediaAnalysis, look: Look, budget_seconds: float
) -> Iterator[Evidence]:
    """Yield ``timeline.png`` unless it is a still picture, then ``face-N-heat.jpg``, worst suspect first.

    No picture is started once the budget is used up; the last one may finish later. The numbers are those of
    `inference.evidence.face_crops`.
    """
    end = monotonic() + budget_seconds
    if _has_timeline(analysis) and monotonic() < end:
        yield Evidence(TIMELINE, "image/png", timeline(media, analysis))
    for number, face in enumerate(suspects(analysis)):
        if monotonic() < end:
            yield Evidence(f"face-{number}-heat.jpg", "image/jpeg", _heat(media, face, analysis, look))


def _heat(media: DecodedMedia, face: FaceFinding, analysis: MediaAnalysis, look: Look) -> bytes:
    crop, heat = look(media.frames[face.frame].image, box_in_frame(media, face))
    panel = heat_panel(
        crop, heat, score=face.score, suspect=analysis.suspect_threshold, tag=analysis.threshold
    )
    return encode_jpeg(panel)


def _has_timeline(analysis: MediaAnalysis) -> bool:
    return is_flagged(analysis) and analysis.kind is not MediaKind.IMAGE
