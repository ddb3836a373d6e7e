"""Bending a batch: under the masks alone, and by as much as one by one."""

import cv2
import numpy as np
import torch

from training.batched.bending import bend, flows
from training.forgeries.bending import AMOUNTS, SPACINGS
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
    bent = bend(pictures, torch.ones(2), torch.full((2, 2), 64), masks, torch.Generator().manual_seed(0))
    still = (masks == 0).expand_as(pictures)
    assert torch.equal(bent[still], pictures[still])
    assert (bent != pictures)[~still].float().mean() > 0.9
