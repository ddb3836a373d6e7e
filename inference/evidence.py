"""Files that show a moderator what was judged, and which faces they are about.

The crops are cut here; what needs the network or a drawing is in `inference.explanation`.
"""

from dataclasses import dataclass

import cv2

from inference.analysis import FaceFinding, MediaAnalysis
from inference.crops import Box, crop_face
from inference.media.decoded import DecodedMedia, Pixels
from schemas.verdicts import Label

MAX_FACES = 4  # the worst ones; more do not change what a person decides
JPEG_QUALITY = 90
MARGIN = 0.6  # wider than the model's own crop: a person wants to see the head
_FLAGGED = frozenset({Label.DEEPFAKE, Label.SUSPECTED})


@dataclass(frozen=True)
class Evidence:
    """A file about one media; ``name`` says what it shows and is unique among that media's."""

    name: str
    media_type: str
    content: bytes


def is_flagged(analysis: MediaAnalysis) -> bool:
    """Whether somebody will want to see why."""
    return analysis.label in _FLAGGED


def suspects(analysis: MediaAnalysis) -> list[FaceFinding]:
    """The highest-scored faces of a flagged media, worst first, one for each track; else none.

    Their place in the list is the number in the names of the evidence about them.
    """
    if not is_flagged(analysis):
        return []
    suspected = [face for face in analysis.faces if face.score >= analysis.suspect_threshold]
    worst = sorted(suspected, key=lambda face: face.score, reverse=True)
    return _one_per_track(worst)[:MAX_FACES]


def face_crops(media: DecodedMedia, analysis: MediaAnalysis) -> list[Evidence]:
    """``face-N.jpg``, 224 x 224, of each of the suspects."""
    return [
        Evidence(f"face-{number}.jpg", "image/jpeg", jpeg(cut(media, face, MARGIN)))
        for number, face in enumerate(suspects(analysis))
    ]


def cut(media: DecodedMedia, face: FaceFinding, margin: float) -> Pixels:
    """The face in its frame, (224, 224, 3)."""
    return crop_face(media.frames[face.frame].image, box_in_frame(media, face), margin)


def box_in_frame(media: DecodedMedia, face: FaceFinding) -> Box:
    """The face's box in pixels of its frame, which may be smaller than the media."""
    x0, y0, x1, y1 = (value * media.scale for value in face.box)
    return x0, y0, x1, y1


def jpeg(image: Pixels) -> bytes:
    """``image`` as a JPEG file."""
    _, encoded = cv2.imencode(
        ".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
    )
    return encoded.tobytes()


def _one_per_track(faces: list[FaceFinding]) -> list[FaceFinding]:
    tracks: set[int] = set()
    kept = []
    for face in faces:
        if face.track is None or face.track not in tracks:
            kept.append(face)
        if face.track is not None:
            tracks.add(face.track)
    return kept
