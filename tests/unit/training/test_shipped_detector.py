"""The shipped model on a portrait that was not used in training."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from inference.checkpoint import Checkpoint, default_model_dir, load_checkpoint
from training.augment import h264, jpeg, shrink
from training.forgeries import Region, self_blend

Image = NDArray[np.uint8]


@pytest.fixture(scope="module")
def checkpoint() -> Checkpoint:
    return load_checkpoint(default_model_dir())


def probabilities(
    checkpoint: Checkpoint, pictures: list[Image], box: NDArray[np.float32]
) -> NDArray[np.float64]:
    x0, y0, x1, y1 = box.tolist()
    crops = [checkpoint.crop(picture, (x0, y0, x1, y1)) for picture in pictures]
    with torch.inference_mode():
        return checkpoint.probabilities(checkpoint.logits(checkpoint.normalise(crops))).double().numpy()


@pytest.mark.parametrize(
    "change",
    [lambda x: x, lambda x: jpeg(x, 50), lambda x: h264(x, 28), lambda x: shrink(x, 2)],
    ids=["as it came", "JPEG 50", "H.264 CRF 28", "half size"],
)
def test_real_portrait_is_far_from_suspect(checkpoint, portrait, photo, change: Callable[[Image], Image]):
    found = probabilities(checkpoint, [change(portrait)], photo.box)
    assert found[0] < checkpoint.card.suspect_threshold / 2


def test_most_forgeries_of_the_portrait_are_suspect(checkpoint, portrait, photo):
    # given twelve forgeries, from obvious to hardly visible
    forged = [
        self_blend(portrait, photo.landmarks, np.random.default_rng(seed), Region.FACE)[0]
        for seed in range(12)
    ]

    # when scored
    found = probabilities(checkpoint, forged, photo.box)

    # then at least two thirds are suspect
    assert (found >= checkpoint.card.suspect_threshold).sum() >= 8
