"""Compare rules that aggregate frame and face scores into one score per video. Pure functions.

Besides fully forged videos, the comparison includes half-forged videos (a forged clip with a real second
half) and videos of two people of which one is forged. Averaging rules miss these.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from inference.decision import track_score
from training.evaluation.bootstrap import Estimate, estimate, resample_weights
from training.evaluation.video import ClipScores, majority_vote
from training.evaluation.weighted_metrics import Floats, confusion_at, roc_auc, roc_curve

TOP_SHARE = 0.25
TRIMMED_SHARE = 0.1

Rule = Callable[[Sequence[float]], float]


def top_mean(scores: Sequence[float]) -> float:
    """Return the mean of the highest quarter."""
    return float(np.sort(scores)[-max(round(len(scores) * TOP_SHARE), 1) :].mean())


def trimmed_mean(scores: Sequence[float]) -> float:
    """Return the mean without the lowest and the highest tenth."""
    cut = int(len(scores) * TRIMMED_SHARE)
    return float(np.sort(scores)[cut : len(scores) - cut].mean())


SERVED = "confident frames"
FRAME_RULES: dict[str, Rule] = {
    SERVED: track_score,
    "mean": lambda scores: float(np.mean(scores)),
    "median": lambda scores: float(np.median(scores)),
    "maximum": max,
    "mean of the top quarter": top_mean,
    "trimmed mean": trimmed_mean,
    "majority vote": majority_vote,
}
SERVED_FACES = "worst face"
FACE_RULES: dict[str, Rule] = {SERVED_FACES: max, "mean of the faces": lambda scores: float(np.mean(scores))}


@dataclass(frozen=True, slots=True)
class Choice:
    """Measures of one decision rule; ``served`` marks the rule used in production."""

    name: str
    served: bool
    measures: dict[str, Estimate]


def half_forged(frames: Floats) -> Floats:
    """Return clip scores (N, F) in which the second half of each forged clip is replaced by the real one.

    Real and forged clips alternate along the first axis.
    """
    half = frames.shape[1] // 2
    mixed = frames.copy()
    mixed[1::2, half:] = frames[::2, half:]
    return mixed


def compare_frame_rules(clip_scores: ClipScores, model: str, suspect: float) -> list[Choice]:
    """Return each rule's AUC on fully and half-forged clips, and its rates at the suspect threshold."""
    frames, weights = clip_scores.frames[model], resample_weights(clip_scores.units)
    choices = []
    for name, rule in FRAME_RULES.items():
        whole, half = (
            np.array([rule(clip) for clip in clips.tolist()]) for clips in (frames, half_forged(frames))
        )
        at_suspect = confusion_at(suspect, whole, clip_scores.forged, weights)
        measures = {
            "AUC, all frames forged": roc_auc(roc_curve(whole, clip_scores.forged, weights)),
            "AUC, half of them": roc_auc(roc_curve(half, clip_scores.forged, weights)),
            "FPR at suspect": at_suspect.fpr,
            "TPR at suspect": at_suspect.recall,
        }
        choices.append(_choice(name, name == SERVED, measures))
    return choices


def compare_face_rules(clip_scores: ClipScores, model: str, suspect: float) -> list[Choice]:
    """Return each rule's AUC on videos of two people, of which one or both are forged.

    The second person is the next one in the sample. Frames are aggregated by the served rule.
    """
    tracks = np.array([track_score(clip) for clip in clip_scores.frames[model].tolist()])
    weights = resample_weights(clip_scores.units)
    second_tracks = {"AUC, one of two forged": np.repeat(tracks[::2], 2), "AUC, both forged": tracks}
    choices = []
    for name, rule in FACE_RULES.items():
        measures = {}
        for measure, second in second_tracks.items():
            pairs = np.stack([tracks, np.roll(second, -2)], axis=1)
            scores = np.array([rule(pair) for pair in pairs.tolist()])
            measures[measure] = roc_auc(roc_curve(scores, clip_scores.forged, weights))
            if second is tracks:
                at_suspect = confusion_at(suspect, scores, clip_scores.forged, weights)
                measures |= {"FPR at suspect": at_suspect.fpr, "TPR at suspect": at_suspect.recall}
        choices.append(_choice(name, name == SERVED_FACES, measures))
    return choices


def _choice(name: str, served: bool, measures: dict[str, Floats]) -> Choice:
    return Choice(name, served, {key: estimate(values) for key, values in measures.items()})
