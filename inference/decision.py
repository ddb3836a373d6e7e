"""From scores to a label: over faces, over the frames of a track, over a media. Pure.

The frame rule is the one of the winner of the Deepfake Detection Challenge (Seferbekov, 2020), for its
32 frames: many confident frames decide alone, so that a forgery in half the video is not averaged away.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

from schemas.verdicts import Label

CONFIDENT_FAKE = 0.8
CONFIDENT_REAL = 0.2
FAKE_SHARE = 1 / 2.5  # more confident frames than this share, and
FAKE_FRAMES = 11  # more than this many, decide
REAL_SHARE = 0.9

FACES_TOO_SMALL = "faces_too_small"  # the note when faces were found, but none could be judged


@dataclass(frozen=True)
class Thresholds:
    """Calibrated probabilities from which a media is tagged, and from which a person should look."""

    tag: float
    suspect: float

    def __post_init__(self) -> None:
        if not 0.0 <= self.suspect <= self.tag <= 1.0:
            raise ValueError(f"0 <= suspect <= tag <= 1 expected, got suspect {self.suspect}, tag {self.tag}")


@dataclass(frozen=True)
class Opinion:
    """What is said of a media: ``score`` is None and ``note`` may say why, for machines."""

    label: Label
    score: float | None
    note: str = ""


def label_of(score: float, thresholds: Thresholds) -> Label:
    """The label for a calibrated probability of forgery; a threshold belongs to the worse side."""
    if score >= thresholds.tag:
        return Label.DEEPFAKE
    return Label.SUSPECTED if score >= thresholds.suspect else Label.AUTHENTIC


def track_score(scores: Sequence[float]) -> float:
    """One score for the frames of one face; raises ``ValueError`` for no frames."""
    if not scores:
        raise ValueError("a track without frames has no score")
    fakes = [score for score in scores if score > CONFIDENT_FAKE]
    if len(fakes) > len(scores) * FAKE_SHARE and len(fakes) > FAKE_FRAMES:
        return fmean(fakes)
    reals = [score for score in scores if score < CONFIDENT_REAL]
    if len(reals) > len(scores) * REAL_SHARE:
        return fmean(reals)
    return fmean(scores)


def decide(tracks: Iterable[Sequence[float]], unjudged: int, thresholds: Thresholds) -> Opinion:
    """The opinion on a media: the worst of its faces.

    ``tracks`` holds for each face the scores of its frames (one in a still picture), ``unjudged`` says how
    many faces were found that were too small to judge.
    """
    scores = [track_score(track) for track in tracks]
    if scores:
        score = max(scores)
        return Opinion(label_of(score, thresholds), score)
    return Opinion(Label.NO_FACE, None, FACES_TOO_SMALL if unjudged else "")
