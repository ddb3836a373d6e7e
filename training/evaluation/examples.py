"""The worst mistakes of each model, kept as small JPEGs while pictures pass: faces of real people."""

import base64
from collections import defaultdict
from dataclasses import dataclass

import cv2

from inference.crops import crop_face
from training.evaluation.framing import fitted
from training.evaluation.methods import Family
from training.evaluation.trials import Trial

KEPT = 8  # photographs of each kind and model
EDGE = 160  # pixels
CROP_SIZE = 224  # pixels, before it is reduced to EDGE
JPEG_QUALITY = 85
MARGIN = 0.25


@dataclass(frozen=True, slots=True)
class Example:
    """A crop as base64 JPEG, its score, and in words how it was made."""

    jpeg: str
    score: float
    caption: str


class Gallery:
    """Collects the real pictures with the highest scores and the forgeries with the lowest, by model.

    Of what is made of one photograph only the worst is kept.
    """

    def __init__(self) -> None:
        self._worst: dict[tuple[str, bool], dict[str, Example]] = defaultdict(dict)

    def watch(self, trial: Trial, scores: dict[str, float]) -> None:
        """Keep the picture where it is among a model's worst."""
        forged = trial.known.family != Family.REAL
        for model, score in scores.items():
            worst, photo = self._worst[model, forged], trial.known.photo
            rival = worst.get(photo) or (_mildest(worst, forged) if len(worst) == KEPT else None)
            if rival is None or (score < rival.score if forged else score > rival.score):
                worst[photo] = _example(trial, score)
            if len(worst) > KEPT:
                del worst[next(name for name, example in worst.items() if example is rival)]

    def of(self, model: str, *, forged: bool) -> list[Example]:
        """Return the model's worst, the worst first."""
        return sorted(self._worst[model, forged].values(), key=lambda one: one.score, reverse=not forged)


def _mildest(worst: dict[str, Example], forged: bool) -> Example:
    return (max if forged else min)(worst.values(), key=lambda one: one.score)


def _example(trial: Trial, score: float) -> Example:
    box = fitted(trial.box, trial.image.shape, MARGIN)
    face = crop_face(trial.image, box, MARGIN, CROP_SIZE)
    crop = cv2.resize(face, (EDGE, EDGE), interpolation=cv2.INTER_AREA)
    coded = cv2.imencode(
        ".jpg", cv2.cvtColor(crop, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
    )[1]
    caption = ", ".join(filter(None, (trial.known.method or "real", trial.known.condition)))
    return Example(base64.b64encode(coded.tobytes()).decode(), score, caption)
