"""Made-up media items and analyses, so that drawings can be tested without a network."""

import numpy as np

from inference.analysis import FaceFinding, MediaAnalysis, ModelIdentity
from inference.fingerprint import Fingerprint
from inference.media.decoded import DecodedMedia, Frame, MediaKind
from schemas.verdicts import Label

SHA256 = "a" * 64
TAG, SUSPECT = 0.9, 0.6


def face(
    score: float, *, frame: int = 0, seconds: float | None = None, track: int | None = None
) -> FaceFinding:
    return FaceFinding((20.0, 20.0, 60.0, 70.0), (), score, frame, seconds, track)


def media(frames: int = 1, kind: MediaKind = MediaKind.IMAGE) -> DecodedMedia:
    """Frames of 100 x 80, each a different grey; one per second unless it is a still picture."""
    moves = kind is not MediaKind.IMAGE
    shown = tuple(
        Frame(np.full((80, 100, 3), 40 + 5 * index, np.uint8), float(index) if moves else None)
        for index in range(frames)
    )
    return DecodedMedia(kind, "video/mp4", 100, 80, shown, SHA256, float(frames) if moves else None)


def analysis(
    *faces: FaceFinding, kind: MediaKind = MediaKind.IMAGE, label: Label = Label.DEEPFAKE
) -> MediaAnalysis:
    return MediaAnalysis(
        label=label,
        score=max((finding.score for finding in faces), default=None),
        threshold=TAG,
        suspect_threshold=SUSPECT,
        faces=faces,
        note="",
        kind=kind,
        media_type="video/mp4",
        width=100,
        height=80,
        frames=1 + max((finding.frame for finding in faces), default=0),
        seconds=None,
        sha256=SHA256,
        fingerprints=(Fingerprint(SHA256, 100),),
        model=ModelIdentity("net", "1", SHA256),
    )
