"""From which size and sharpness of a face an opinion is worth giving: error rates as both are taken away."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from training.augment import blur
from training.datasets import Photo, decode
from training.evaluation.aggregation import Choice
from training.evaluation.answers import Answers
from training.evaluation.bootstrap import draw, estimate
from training.evaluation.conditions import View, resized
from training.evaluation.curve import area, decide_at, trace
from training.evaluation.headline import EVEN
from training.evaluation.methods import Family
from training.evaluation.trials import Plan, Trial, known, trial
from training.pairs import draw_source

Image = NDArray[np.uint8]

SIZES = (24, 32, 40, 48, 64, 80, 96)  # pixels of the face box's shorter edge
BLURS = (0.5, 1.0, 2.0, 3.0)  # sigma in percent of that edge
SIZE, BLUR = "{} px", "blurred by {:g} %"


def _shrunk(size: int) -> Callable[[Image, float], View]:
    return lambda image, edge: resized(image, min(size / edge, 1.0))


def _blurred(percent: float) -> Callable[[Image, float], View]:
    return lambda image, edge: View(blur(image, edge * percent / 100))


LOSSES: dict[str, Callable[[Image, float], View]] = {
    **{SIZE.format(size): _shrunk(size) for size in SIZES},
    "full size": lambda image, _: View(image),
    **{BLUR.format(percent): _blurred(percent) for percent in BLURS},
}


def lossy_trials(photo: Photo, place: int, plan: Plan) -> list[Trial]:
    """Return the photograph and one forgery of it, the methods in turn, at every size and blur."""
    image, rng = decode(photo), plan.rng(photo)
    method = plan.methods[place % len(plan.methods)]
    forged = method.forge(photo, image, draw_source(photo, plan.sources[photo.collection], rng), rng)
    edge = float((photo.box[2:] - photo.box[:2]).min())
    return [
        trial(photo, lose(picture, edge), known(photo, family, name, loss))
        for picture, family, name in ((image, Family.REAL, ""), (forged, method.family, method.name))
        for loss, lose in LOSSES.items()
    ]


def compare_losses(answers: Answers, model: str, suspect: float, least: int) -> list[Choice]:
    """Return the errors at each size and blur; service judges all but sizes below ``least`` pixels."""
    unjudged = {SIZE.format(size) for size in SIZES if size < least}
    choices = []
    for loss in answers.values("condition"):
        under = answers[answers.where(condition=loss)]
        scores, forged, weights = under.probabilities[model], under.forged, draw(under.units)
        made = decide_at(suspect, scores, forged, weights)
        found = {
            "AUC": area(trace(scores, forged, weights)),
            "error at 0.5": 1 - decide_at(EVEN, scores, forged, weights).accuracy,
            "FPR at suspect": made.fpr,
            "TPR at suspect": made.recall,
        }
        estimates = {name: estimate(values) for name, values in found.items()}
        choices.append(Choice(loss, loss not in unjudged, estimates))
    return choices
