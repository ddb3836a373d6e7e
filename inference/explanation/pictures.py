"""The pictures that explain a flagged media, one after the other while there is time."""

from collections.abc import Callable, Iterator
from time import monotonic

from inference.analysis import FaceFinding, MediaAnalysis
from inference.evidence import Evidence, box_in_frame, encode_jpeg, is_flagged, suspects
from inference.explanation.render import Heat, heat_panel
from inference.explanation.timeline import timeline
from inference.face import Box
from inference.media.decoded import DecodedMedia, MediaKind, Pixels

TIMELINE = "timeline.png"

Look = Callable[[Pixels, Box], tuple[Pixels, Heat]]  # picture and box in it; the network's crop and its heat


def planned(analysis: MediaAnalysis) -> int:
    """How many pictures explain this media if there is time for all."""
    return len(suspects(analysis)) + _moves(analysis)


def explain(
    media: DecodedMedia, analysis: MediaAnalysis, look: Look, budget_seconds: float
) -> Iterator[Evidence]:
    """Yield ``timeline.png`` if the media moves, then ``face-N-heat.jpg`` of the suspects, worst first.

    Nothing is begun once the budget is used up; the last one may end after it. Numbers are those of
    `inference.evidence.face_crops`.
    """
    end = monotonic() + budget_seconds
    if _moves(analysis) and monotonic() < end:
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


def _moves(analysis: MediaAnalysis) -> bool:
    return is_flagged(analysis) and analysis.kind is not MediaKind.IMAGE
