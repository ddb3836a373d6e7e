"""Collect the worst mistakes of each model as small JPEGs; they show faces of real people."""

import base64
from collections import defaultdict
from dataclasses import dataclass

import cv2

from inference.crops import crop_face
from training.evaluation.framing import fit_box
from training.evaluation.methods import Family
from training.evaluation.trials import Trial

EXAMPLES = 8  # photographs for each model and class
EDGE = 160  # pixels
CROP_SIZE = 224  # pixels, before it is reduced to EDGE
JPEG_QUALITY = 85
MARGIN = 0.25


@dataclass(frozen=True, slots=True)
class Example:
    """A crop as base64 JPEG, its score, and a caption with forgery method and condition."""

    jpeg: str
    score: float
    caption: str


class Gallery:
    """Collect each model's highest-scored real pictures and lowest-scored forgeries.

    Only the worst picture of each photograph is kept.
    """

    def __init__(self) -> None:
        self._worst: dict[tuple[str, bool], dict[str, Example]] = defaultdict(dict)

    def add(self, trial: Trial, scores: dict[str, float]) -> None:
        """Keep the picture if it is among a model's worst mistakes."""
        forged = trial.metadata.family != Family.REAL
        for model, score in scores.items():
            worst, photo = self._worst[model, forged], trial.metadata.photo
            rival = worst.get(photo) or (_mildest(worst, forged) if len(worst) == EXAMPLES else None)
            if rival is None or (score < rival.score if forged else score > rival.score):
                worst[photo] = _example(trial, score)
            if len(worst) > EXAMPLES:
                del worst[next(name for name, example in worst.items() if example is rival)]

    def worst(self, model: str, *, forged: bool) -> list[Example]:
        """Return the model's worst mistakes, the worst first."""
        examples = self._worst[model, forged].values()
        return sorted(examples, key=lambda example: example.score, reverse=not forged)


def _mildest(worst: dict[str, Example], forged: bool) -> Example:
    return (max if forged else min)(worst.values(), key=lambda example: example.score)


def _example(trial: Trial, score: float) -> Example:
    box = fit_box(trial.box, trial.image.shape, MARGIN)
    face = crop_face(trial.image, box, MARGIN, CROP_SIZE)
    crop = cv2.resize(face, (EDGE, EDGE), interpolation=cv2.INTER_AREA)
    coded = cv2.imencode(
        ".jpg", cv2.cvtColor(crop, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
    )[1]
    caption = ", ".join(filter(None, (trial.metadata.method or "real", trial.metadata.condition)))
    return Example(base64.b64encode(coded.tobytes()).decode(), score, caption)
