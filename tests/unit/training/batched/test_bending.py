"""Bending a batch: under the masks alone, and by as much as one by one."""

import cv2
import numpy as np
import torch

from training.batched.bending import bend, flows, pushes
from training.forgeries.bending import AMOUNTS, BRUSHES, LENGTHS, MOST_PUSHES, SPACINGS
from training.forgeries.masks import elastic_net


def test_flows_are_as_large_as_one_by_one():
    # given flows of faces twice as large as the template, of both chains
    made = flows(torch.full((64,), 2.0), (96, 128), torch.Generator().manual_seed(0))
    rng = np.random.default_rng(0)
    singly = [
        elastic_net((96, 128), 2 * rng.uniform(*SPACINGS), 2 * rng.uniform(*AMOUNTS), rng, cv2.INTER_CUBIC)
        for _ in range(64)
    ]

    # then they move pixels equally far, each face otherwise, and smoothly
    assert made.shape == (64, 2, 96, 128)
    assert abs(made.std() / np.std(singly) - 1) < 0.35
    assert (made[0] - made[1]).abs().mean() > 1
    assert made.diff(dim=3).abs().max() < 2.5


def test_nothing_moves_where_the_mask_is_empty():
    pictures = torch.randint(0, 256, (2, 3, 64, 64), generator=torch.Generator().manual_seed(1)).float()
    masks = torch.zeros(2, 1, 64, 64)
    masks[:, :, 16:48, 16:48] = 1
    generator = torch.Generator().manual_seed(0)
    bent, reached = bend(pictures, torch.ones(2), torch.full((2, 2), 64), masks, generator)
    still = (masks == 0).expand_as(pictures)
    assert torch.equal(bent[still], pictures[still])

    # and much moved where the masks say so that come back, which are no larger
    assert (reached <= masks).all()
    assert (bent != pictures)[(reached > 0.5).expand_as(pictures)].float().mean() > 0.9


def test_pushes_are_few_and_begin_under_the_mask():
    # given masks in one corner
    masks = torch.zeros(64, 1, 96, 128)
    masks[:, :, 8:40, 16:56] = 1
    shift, near = pushes(torch.ones(64), masks, torch.Generator().manual_seed(0))

    # then the middles lie there, what is far is not moved, and nothing folds over
    middles = near.flatten(2).argmax(2)[:, 0]
    assert (masks.flatten(1).gather(1, middles[:, None]) > 0).float().mean() > 0.95
    assert shift[:, :, 90:, 120:].abs().max() < 0.5
    lengths = shift.square().sum(1).sqrt().amax(dim=(1, 2))
    assert BRUSHES[0] * LENGTHS[0] * 0.8 < lengths.min()
    assert lengths.max() < MOST_PUSHES * BRUSHES[1] * LENGTHS[1]
