"""Answers of two made-up models to made-up pictures and clips."""

import numpy as np
import pytest

from tests.unit.training.evaluation.made_up import SKILL, asked, probabilities
from training.evaluation.answers import Answers
from training.evaluation.video import Filmed


@pytest.fixture(scope="session")
def answers() -> Answers:
    pictures = asked(60)
    return Answers.of(pictures, {name: probabilities(pictures, skill) for name, skill in SKILL.items()})


@pytest.fixture(scope="session")
def filmed() -> Filmed:
    """Twenty people, real and forged; the forgeries' frames score higher."""
    forged = np.arange(40) % 2 == 1
    rng = np.random.default_rng(1)
    person = np.repeat(rng.normal(0, 1, 20), 2)[:, None]
    scores = {
        name: 1 / (1 + np.exp(-(rng.normal(skill * (forged[:, None] - 0.5), 1, (40, 32)) + person)))
        for name, skill in SKILL.items()
    }
    return Filmed(np.repeat([f"p{n}" for n in range(20)], 2), forged, scores)
