"""Affine maps in batches agree with the ones picture by picture, and sampling keeps aliasing out."""

import cv2
import numpy as np
import pytest
import torch

from training.batched.warps import (
    affine_between,
    inverse,
    mirror,
    similarity_between,
    transform,
    warp,
)
from training.forgeries.masks import TEMPLATE
from training.forgeries.masks import affine_between as one_affine
from training.forgeries.masks import similarity_between as one_similarity

IDENTITY = torch.tensor([[[1.0, 0, 0], [0, 1, 0]]])


def test_least_squares_agree_with_numpy_s(landmarks):
    # given a face and the template
    batch = affine_between(torch.from_numpy(TEMPLATE)[None], torch.from_numpy(landmarks)[None])
    # then the batch's map is the single one
    assert np.allclose(batch[0].numpy(), one_affine(TEMPLATE, landmarks), atol=1e-3)


def test_similarities_agree_with_numpy_s_and_have_an_inverse(landmarks):
    batch = similarity_between(torch.from_numpy(TEMPLATE)[None], torch.from_numpy(landmarks)[None])
    assert np.allclose(batch[0].numpy(), one_similarity(TEMPLATE, landmarks), atol=1e-3)
    there = transform(batch, torch.from_numpy(TEMPLATE)[None])
    assert np.allclose(transform(inverse(batch), there)[0].numpy(), TEMPLATE, atol=1e-2)


def test_nothing_changes_where_nothing_moves():
    pictures = torch.rand(2, 3, 9, 13) * 255
    maps, sizes = IDENTITY.expand(2, -1, -1), torch.tensor([[9, 13], [9, 13]])
    assert torch.allclose(warp(pictures, maps, sizes, (9, 13)), pictures, atol=1e-3)


@pytest.mark.parametrize("size", [64, 48, 40])
def test_shrinking_is_near_to_averaging_over_area(portrait, size):
    # given a detail with much fine structure, and the map that shrinks it
    detail = np.ascontiguousarray(portrait[40:136, 180:276])
    step = 96 / size
    maps = torch.tensor([[[step, 0, step / 2 - 0.5], [0, step, step / 2 - 0.5]]])

    # when shrunk
    pixels = torch.from_numpy(detail).permute(2, 0, 1)[None].float()
    shrunk = warp(pixels, maps, torch.tensor([[96, 96]]), (size, size))[0].permute(1, 2, 0).numpy()

    # then it is what area gives, nearer than what single samples give
    area = cv2.resize(detail, (size, size), interpolation=cv2.INTER_AREA).astype(float)
    single = cv2.resize(detail, (size, size), interpolation=cv2.INTER_NEAREST).astype(float)
    assert np.abs(shrunk - area).mean() < 1.5
    assert np.abs(shrunk - area).mean() <= np.abs(single - area).mean() / 3


def test_beyond_the_edge_a_picture_is_mirrored():
    folded = mirror(torch.tensor([-2.0, -1, 0, 3, 4, 5]), torch.tensor(4.0))
    assert folded.tolist() == [1, 0, 0, 3, 3, 2]
