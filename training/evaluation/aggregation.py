"""Which rule makes one score of a video's frames and faces: that of service against its alternatives. Pure.

Besides whole forgeries there are half forged videos, spliced from a clip and its forgery, and videos of two
people of whom one is forged: a rule that averages loses these.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from inference.decision import track_score
from training.evaluation.bootstrap import Estimate, draw, estimate
from training.evaluation.curve import Floats, area, decide_at, trace
from training.evaluation.video import Filmed, majority

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
    "majority vote": majority,
}
SERVED_FACES = "worst face"
FACE_RULES: dict[str, Rule] = {SERVED_FACES: max, "mean of the faces": lambda scores: float(np.mean(scores))}


@dataclass(frozen=True, slots=True)
class Choice:
    """Measures of one way of deciding; ``served`` says that it is the one in service."""

    name: str
    served: bool
    measures: dict[str, Estimate]


def spliced(frames: Floats) -> Floats:
    """Return clips (N, F), real and forged in turns, with the forged ones real in their second half."""
    half = frames.shape[1] // 2
    mixed = frames.copy()
    mixed[1::2, half:] = frames[::2, half:]
    return mixed


def compare_frame_rules(filmed: Filmed, model: str, suspect: float) -> list[Choice]:
    """Return each rule's AUC on wholly and half forged clips, and what the suspect threshold then does."""
    frames, weights = filmed.frames[model], draw(filmed.units)
    choices = []
    for name, rule in FRAME_RULES.items():
        whole, half = (np.array([rule(one) for one in many.tolist()]) for many in (frames, spliced(frames)))
        made = decide_at(suspect, whole, filmed.forged, weights)
        found = {
            "AUC, all frames forged": area(trace(whole, filmed.forged, weights)),
            "AUC, half of them": area(trace(half, filmed.forged, weights)),
            "FPR at suspect": made.fpr,
            "TPR at suspect": made.recall,
        }
        choices.append(_choice(name, name == SERVED, found))
    return choices


def compare_face_rules(filmed: Filmed, model: str, suspect: float) -> list[Choice]:
    """Return each rule's AUC on videos of two people, of whom one or both are forged.

    The second person is the next in the sample; their clips' scores are the served rule's.
    """
    tracks = np.array([track_score(one) for one in filmed.frames[model].tolist()])
    weights = draw(filmed.units)
    neighbours = {"AUC, one of two forged": np.repeat(tracks[::2], 2), "AUC, both forged": tracks}
    choices = []
    for name, rule in FACE_RULES.items():
        found = {}
        for situation, second in neighbours.items():
            pairs = np.stack([tracks, np.roll(second, -2)], axis=1)
            scores = np.array([rule(pair) for pair in pairs.tolist()])
            found[situation] = area(trace(scores, filmed.forged, weights))
            if second is tracks:
                made = decide_at(suspect, scores, filmed.forged, weights)
                found |= {"FPR at suspect": made.fpr, "TPR at suspect": made.recall}
        choices.append(_choice(name, name == SERVED_FACES, found))
    return choices


def _choice(name: str, served: bool, found: dict[str, Floats]) -> Choice:
    return Choice(name, served, {key: estimate(values) for key, values in found.items()})
