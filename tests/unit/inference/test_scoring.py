"""The scorer gives the scores of the checkpoint, with its batch norms folded."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from inference.checkpoint import load_checkpoint
from inference.scoring import FaceScorer

SHIPPED = Path(__file__).parents[3] / "models" / "fakeme-detector-lite0"


def test_folded_norms_change_no_score():
    # given the shipped checkpoint's probabilities for noise of different sizes
    checkpoint, rng = load_checkpoint(SHIPPED), np.random.default_rng(0)
    box = (20.0, 20.0, 140.0, 150.0)
    images = [rng.integers(0, 256, (200, 200 + 10 * i, 3), dtype=np.uint8) for i in range(3)]
    crops = checkpoint.normalise([checkpoint.crop(image, box) for image in images])
    with torch.inference_mode():
        expected = checkpoint.probabilities(checkpoint.logits(crops)).tolist()

    # when a scorer serves it
    scorer = FaceScorer(checkpoint, torch.device("cpu"))

    # then the scores are the same, without batch norms
    assert scorer.score((image, box) for image in images) == pytest.approx(expected, abs=1e-5)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in checkpoint.network.modules())
    assert not any(parameter.requires_grad for parameter in checkpoint.network.parameters())
