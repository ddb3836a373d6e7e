"""Synthetic predictions of two models."""

import numpy as np
import pytest

from tests.unit.training.evaluation.synthetic import SKILL, probabilities, trial_metadata
from training.evaluation.predictions import Predictions
from training.evaluation.video import ClipScores


@pytest.fixture(scope="session")
def predictions() -> Predictions:
    trials = trial_metadata(60)
    return Predictions.from_trials(
        trials, {name: probabilities(trials, skill) for name, skill in SKILL.items()}
    )


@pytest.fixture(scope="session")
def clip_scores() -> ClipScores:
    """Twenty people, each with a real and a forged clip; forged frames score higher."""
    forged = np.arange(40) % 2 == 1
    rng = np.random.default_rng(1)
    person = np.repeat(rng.normal(0, 1, 20), 2)[:, None]
    scores = {
        name: 1 / (1 + np.exp(-(rng.normal(skill * (forged[:, None] - 0.5), 1, (40, 32)) + person)))
        for name, skill in SKILL.items()
    }
    return ClipScores(np.repeat([f"p{n}" for n in range(20)], 2), forged, scores)
