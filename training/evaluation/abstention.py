"""Error rates by face size and blur, which show below which quality a detector should abstain."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from training.augment import blur
from training.datasets import Photo, decode
from training.evaluation.aggregation import Choice
from training.evaluation.bootstrap import estimate, resample_weights
from training.evaluation.conditions import View, resized
from training.evaluation.headline import EVEN
from training.evaluation.methods import Family
from training.evaluation.predictions import Predictions
from training.evaluation.trials import Plan, Trial, make_trial, metadata_of
from training.evaluation.weighted_metrics import confusion_at, roc_auc, roc_curve
from training.pairs import draw_source

Image = NDArray[np.uint8]

SIZES = (24, 32, 40, 48, 64, 80, 96)  # shorter edge of the face box, in pixels
BLURS = (0.5, 1.0, 2.0, 3.0)  # sigma, in percent of that edge
SIZE, BLUR = "{} px", "blurred by {:g} %"


def _shrink_to(size: int) -> Callable[[Image, float], View]:
    return lambda image, edge: resized(image, min(size / edge, 1.0))


def _blur_by(percent: float) -> Callable[[Image, float], View]:
    return lambda image, edge: View(blur(image, edge * percent / 100))


DEGRADATIONS: dict[str, Callable[[Image, float], View]] = {
    **{SIZE.format(size): _shrink_to(size) for size in SIZES},
    "full size": lambda image, _: View(image),
    **{BLUR.format(percent): _blur_by(percent) for percent in BLURS},
}


def degraded_trials(photo: Photo, index: int, plan: Plan) -> list[Trial]:
    """Return the photograph and one forgery of it at every size and blur.

    ``index`` is the photograph's position in the sample; it selects the forgery method in rotation.
    """
    image, rng = decode(photo), plan.rng(photo)
    method = plan.methods[index % len(plan.methods)]
    forged = method.forge(photo, image, draw_source(photo, plan.sources[photo.collection], rng), rng)
    edge = float((photo.box[2:] - photo.box[:2]).min())
    return [
        make_trial(photo, degrade(pixels, edge), metadata_of(photo, family, method_name, name))
        for pixels, family, method_name in ((image, Family.REAL, ""), (forged, method.family, method.name))
        for name, degrade in DEGRADATIONS.items()
    ]


def compare_degradations(
    predictions: Predictions, model: str, suspect: float, min_face_px: int
) -> list[Choice]:
    """Return the error rates at each size and blur.

    Sizes below ``min_face_px`` are marked as not served, because the detector abstains on them in production.
    """
    abstained = {SIZE.format(size) for size in SIZES if size < min_face_px}
    choices = []
    for condition in predictions.values("condition"):
        degraded = predictions[predictions.where(condition=condition)]
        scores, forged = degraded.probabilities[model], degraded.forged
        weights = resample_weights(degraded.units)
        at_suspect = confusion_at(suspect, scores, forged, weights)
        measures = {
            "AUC": roc_auc(roc_curve(scores, forged, weights)),
            "error at 0.5": 1 - confusion_at(EVEN, scores, forged, weights).accuracy,
            "FPR at suspect": at_suspect.fpr,
            "TPR at suspect": at_suspect.recall,
        }
        estimates = {name: estimate(values) for name, values in measures.items()}
        choices.append(Choice(condition, condition not in abstained, estimates))
    return choices
