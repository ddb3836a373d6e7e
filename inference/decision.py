"""Turn scores into a label: aggregate the frames of a track, then the faces of a media item. Pure functions.

The rule for frames is that of the winner of the Deepfake Detection Challenge (Seferbekov, 2020), designed for
32 frames: if enough frames are confidently fake, only they count, so that a forgery in half of a video is not
averaged away.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from schemas.verdicts import Label, UnprocessableReason

CONFIDENT_FAKE = 0.8
CONFIDENT_REAL = 0.2
# Confidently fake frames decide alone if there are more than this share and more than this number.
FAKE_SHARE = 1 / 2.5
FAKE_FRAMES = 11
REAL_SHARE = 0.9

MIN_DECODED_SHARE = 0.9  # of what viewers see: enough to say that there is no forgery in it

TOO_MANY_FACES = "too_many_faces"  # the note if the largest faces were judged and others left out
FACES_TOO_SMALL = "faces_too_small"  # the note if faces were detected but none could be judged


@dataclass(frozen=True)
class Thresholds:
    """Calibrated probabilities from which a media item is tagged or, below that, suspected."""

    tag: float
    suspect: float

    def __post_init__(self) -> None:
        if not 0.0 <= self.suspect <= self.tag <= 1.0:
            raise ValueError(f"0 <= suspect <= tag <= 1 expected, got suspect {self.suspect}, tag {self.tag}")


@dataclass(frozen=True)
class Decision:
    """The label of a media item; ``score`` is None if no face was judged, ``note`` may give the reason.

    ``reason`` is set if the label is ``unprocessable``.
    """

    label: Label
    score: float | None
    note: str = ""
    reason: UnprocessableReason | None = None


def label_of(score: float, thresholds: Thresholds) -> Label:
    """Return the label for a calibrated probability; a score equal to a threshold gets the worse label."""
    if score >= thresholds.tag:
        return Label.DEEPFAKE
    return Label.SUSPECTED if score >= thresholds.suspect else Label.AUTHENTIC


def track_score(scores: Sequence[float]) -> float:
    """Return one score for the frames of one face; raise ValueError if there are none."""
    if not scores:
        raise ValueError("a track without frames has no score")
    fakes = [score for score in scores if score > CONFIDENT_FAKE]
    if len(fakes) > len(scores) * FAKE_SHARE and len(fakes) > FAKE_FRAMES:
        return fmean(fakes)
    reals = [score for score in scores if score < CONFIDENT_REAL]
    if len(reals) > len(scores) * REAL_SHARE:
        return fmean(reals)
    return fmean(scores)


def decide(tracks: Iterable[Sequence[float]], unjudged: int, thresholds: Thresholds) -> Decision:
    """Return the decision on a media item, which is that of its highest-scored face.

    ``tracks`` holds the frame scores of each face (a single one in a still picture); ``unjudged`` is the
    number of detected faces that were too small to judge.
    """
    scores = [track_score(track) for track in tracks]
    if scores:
        score = max(scores)
        return Decision(label_of(score, thresholds), score)
    return Decision(Label.NO_FACE, None, FACES_TOO_SMALL if unjudged else "")


def with_unseen_parts(
    decision: Decision, *, decoded_share: float, fault: str, skipped_faces: int
) -> Decision:
    """Return the decision on a media item of which a part was not looked at.

    A forgery in the rest stays one. Otherwise the media item cannot be cleared: it is unprocessable if less
    than ``MIN_DECODED_SHARE`` of it could be decoded (``fault`` says why), and suspected if ``skipped_faces``
    were too many to judge.
    """
    if decision.label not in (Label.AUTHENTIC, Label.NO_FACE):
        return decision
    if decoded_share < MIN_DECODED_SHARE:
        note = f"only {decoded_share:.0%} of it can be decoded: {fault}"
        return Decision(Label.UNPROCESSABLE, None, note, UnprocessableReason.TRUNCATED)
    if skipped_faces:
        return replace(decision, label=Label.SUSPECTED, note=TOO_MANY_FACES)
    return decision
