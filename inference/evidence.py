"""Pictures that show a moderator what was judged: the crops of the faces, as JPEG."""

import cv2

from inference.analysis import FaceFinding, MediaAnalysis
from inference.crops import crop_face
from inference.media.decoded import DecodedMedia
from schemas.verdicts import Label

MAX_CROPS = 4  # the worst ones; more do not change what a person decides
JPEG_QUALITY = 90
MARGIN = 0.6  # wider than the model's own crop: a person wants to see the head
_FLAGGED = frozenset({Label.DEEPFAKE, Label.SUSPECTED})


def evidence_crops(media: DecodedMedia, analysis: MediaAnalysis) -> list[bytes]:
    """JPEG files of the highest-scored faces of a flagged media, worst first, one for each track.

    Empty for media that are not flagged. Each is 224 x 224.
    """
    if analysis.label not in _FLAGGED:
        return []
    suspects = [face for face in analysis.faces if face.score >= analysis.suspect_threshold]
    worst = sorted(suspects, key=lambda face: face.score, reverse=True)
    return [_jpeg(media, face) for face in _one_per_track(worst)[:MAX_CROPS]]


def _one_per_track(faces: list[FaceFinding]) -> list[FaceFinding]:
    tracks: set[int] = set()
    kept = []
    for face in faces:
        if face.track is None or face.track not in tracks:
            kept.append(face)
        if face.track is not None:
            tracks.add(face.track)
    return kept


def _jpeg(media: DecodedMedia, face: FaceFinding) -> bytes:
    x0, y0, x1, y1 = (value * media.scale for value in face.box)
    crop = crop_face(media.frames[face.frame].image, (x0, y0, x1, y1), MARGIN)
    _, encoded = cv2.imencode(
        ".jpg", cv2.cvtColor(crop, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
    )
    return encoded.tobytes()
