"""Affine maps in batches agree with numpy, and warping prevents aliasing."""

import cv2
import numpy as np
import pytest
import torch

from training.forgeries.masks import TEMPLATE
from training.forgeries.masks import affine_between as numpy_affine
from training.forgeries.masks import similarity_between as numpy_similarity
from training.torch_forgeries.affine import (
    affine_between,
    invert,
    reflect_at_edge,
    similarity_between,
    transform_points,
    warp_affine,
)

IDENTITY = torch.tensor([[[1.0, 0, 0], [0, 1, 0]]])


def test_affine_maps_agree_with_numpy(landmarks):
    # given a face and the template
    batch = affine_between(torch.from_numpy(TEMPLATE)[None], torch.from_numpy(landmarks)[None])
    # then the batched map equals the numpy one
    assert np.allclose(batch[0].numpy(), numpy_affine(TEMPLATE, landmarks), atol=1e-3)


def test_similarities_agree_with_numpy_and_can_be_inverted(landmarks):
    batch = similarity_between(torch.from_numpy(TEMPLATE)[None], torch.from_numpy(landmarks)[None])
    assert np.allclose(batch[0].numpy(), numpy_similarity(TEMPLATE, landmarks), atol=1e-3)
    mapped = transform_points(batch, torch.from_numpy(TEMPLATE)[None])
    assert np.allclose(transform_points(invert(batch), mapped)[0].numpy(), TEMPLATE, atol=1e-2)


def test_identity_changes_nothing():
    pictures = torch.rand(2, 3, 9, 13) * 255
    maps, sizes = IDENTITY.expand(2, -1, -1), torch.tensor([[9, 13], [9, 13]])
    assert torch.allclose(warp_affine(pictures, maps, sizes, (9, 13)), pictures, atol=1e-3)


@pytest.mark.parametrize("size", [64, 48, 40])
def test_downscaling_is_close_to_area_interpolation(portrait, size):
    # given a detail with fine structure, and the map that downscales it
    detail = np.ascontiguousarray(portrait[40:136, 180:276])
    step = 96 / size
    maps = torch.tensor([[[step, 0, step / 2 - 0.5], [0, step, step / 2 - 0.5]]])

    # when downscaled
    pixels = torch.from_numpy(detail).permute(2, 0, 1)[None].float()
    shrunk = warp_affine(pixels, maps, torch.tensor([[96, 96]]), (size, size))[0].permute(1, 2, 0).numpy()

    # then it is close to area interpolation, closer than nearest-neighbour sampling
    area = cv2.resize(detail, (size, size), interpolation=cv2.INTER_AREA).astype(float)
    single = cv2.resize(detail, (size, size), interpolation=cv2.INTER_NEAREST).astype(float)
    assert np.abs(shrunk - area).mean() < 1.5
    assert np.abs(shrunk - area).mean() <= np.abs(single - area).mean() / 3


def test_picture_is_mirrored_beyond_its_edge():
    folded = reflect_at_edge(torch.tensor([-2.0, -1, 0, 3, 4, 5]), torch.tensor(4.0))
    assert folded.tolist() == [1, 0, 0, 3, 3, 2]
