"""A model is served at the input size of its card; the size of evidence crops does not depend on it."""

import io

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from inference.detector import Detector
from inference.evidence import face_crops
from inference.media import decode
from inference.scoring import FaceScorer
from tests.unit.inference.media_samples import portrait, still
from tests.unit.inference.random_checkpoint import random_checkpoint

BOX = (181.0, 62.0, 268.0, 172.0)  # the face in the portrait


def recorded_shapes(module: nn.Module) -> list[tuple[int, ...]]:
    """Return a list that grows by the input shape of each call of ``module``."""
    shapes: list[tuple[int, ...]] = []
    module.register_forward_pre_hook(lambda _, inputs: shapes.append(tuple(inputs[0].shape)))
    return shapes


@pytest.mark.parametrize("size", [224, 256])
def test_network_gets_crops_of_the_card_s_input_size(size: int) -> None:
    checkpoint = random_checkpoint(input_size=size, tag=0.0, suspect=0.0)
    shapes = recorded_shapes(checkpoint.network)
    media = decode(still("JPEG"))

    (analysis,) = Detector(checkpoint, device="cpu").analyse([media])

    assert shapes == [(1, 3, size, size)]
    (evidence,) = face_crops(media, analysis)
    with Image.open(io.BytesIO(evidence.content)) as shown:
        assert shown.size == (224, 224)


@pytest.mark.parametrize("localises", [False, True])
@pytest.mark.parametrize("size", [224, 256])
def test_heat_map_has_the_card_s_input_size(size: int, localises: bool) -> None:
    checkpoint = random_checkpoint(input_size=size, localises=localises)
    scorer = FaceScorer(checkpoint, torch.device("cpu"))
    shapes = recorded_shapes(checkpoint.network.get_submodule("features.0"))

    crop, heat = scorer.look(np.asarray(portrait()), BOX)

    assert (crop.shape, heat.shape) == ((size, size, 3), (size, size))
    assert set(shapes) == {(1, 3, size, size)}
