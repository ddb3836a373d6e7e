"""Evidence files for moderators: crops of the suspect faces. `inference.explanation` adds the heat maps."""

from dataclasses import dataclass

import cv2

from inference.analysis import FaceFinding, MediaAnalysis
from inference.crops import crop_face
from inference.face import Box
from inference.media.decoded import DecodedMedia, Pixels
from schemas.verdicts import Label

MAX_FACES = 4  # with the highest scores; more do not change a moderator's decision
JPEG_QUALITY = 90
CROP_SIZE = 224  # pixels, whatever the input size of the model
MARGIN = 0.6  # wider than the model's own crop, to show the whole head
_FLAGGED = frozenset({Label.DEEPFAKE, Label.SUSPECTED})


@dataclass(frozen=True)
class Evidence:
    """A file about a media item; ``name`` describes its content and is unique for that item."""

    name: str
    media_type: str
    content: bytes


def is_flagged(analysis: MediaAnalysis) -> bool:
    """Return whether the media item is suspected or tagged."""
    return analysis.label in _FLAGGED


def suspects(analysis: MediaAnalysis) -> list[FaceFinding]:
    """Return the suspect faces of a flagged media item, highest score first, one per track.

    The index in the list is the number in the names of the evidence files. Empty if the item is not flagged.
    """
    if not is_flagged(analysis):
        return []
    suspected = [face for face in analysis.faces if face.score >= analysis.suspect_threshold]
    worst = sorted(suspected, key=lambda face: face.score, reverse=True)
    return _one_per_track(worst)[:MAX_FACES]


def face_crops(media: DecodedMedia, analysis: MediaAnalysis) -> list[Evidence]:
    """Return a ``face-N.jpg`` of 224 x 224 pixels for each suspect face."""
    return [
        Evidence(f"face-{number}.jpg", "image/jpeg", encode_jpeg(evidence_crop(media, face)))
        for number, face in enumerate(suspects(analysis))
    ]


def evidence_crop(media: DecodedMedia, face: FaceFinding) -> Pixels:
    """Return the face with its surroundings, (224, 224, 3) uint8 RGB."""
    return crop_face(media.frames[face.frame].image, box_in_frame(media, face), MARGIN, CROP_SIZE)


def box_in_frame(media: DecodedMedia, face: FaceFinding) -> Box:
    """Return the face's box in pixels of its decoded frame, which may be smaller than the original."""
    x0, y0, x1, y1 = (value * media.scale for value in face.box)
    return x0, y0, x1, y1


def encode_jpeg(image: Pixels) -> bytes:
    """Return ``image`` (H, W, 3) uint8 RGB as a JPEG file."""
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
