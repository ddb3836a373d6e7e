"""Painting out in a batch: under the masks alone, smooth, and as large as one by one."""

import numpy as np
import torch

from training.batched.healing import heal, spots
from training.forgeries.healing import draw_spots


def seeded() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def test_spots_are_as_large_as_one_by_one():
    # given the same mask for both chains
    masks = torch.zeros(64, 1, 128, 128)
    masks[:, :, 40:88, 40:88] = 1
    filled, soft = spots(torch.full((64,), 1.5), masks, seeded())
    rng = np.random.default_rng(0)
    singly = [draw_spots(masks[0, 0].numpy(), 1.5, rng) > 0 for _ in range(64)]

    # then they cover as much, are soft at their edges, and begin under the mask
    assert abs(filled.mean() / np.mean(singly) - 1) < 0.25
    assert set(filled.unique().tolist()) == {0.0, 1.0}
    assert 0 < (soft - filled).abs().mean() < 0.5 * filled.mean()
    assert (filled * masks).sum() > 0.6 * filled.sum()


def test_only_spots_change_and_they_lose_their_texture():
    # given noise, which no surroundings foretell
    pictures = torch.randint(0, 256, (8, 3, 96, 96), generator=seeded()).float()
    masks = torch.zeros(8, 1, 96, 96)
    masks[:, :, 32:64, 32:64] = 1
    healed, where = heal(pictures, torch.ones(8), masks, seeded())

    # then what the masks do not name stays, and what they name is smooth
    untouched = (where == 0).expand_as(pictures)
    assert torch.equal(healed[untouched], pictures[untouched])
    full = (where > 0.99).expand_as(pictures)
    assert full.any()
    assert healed[full].std() < 0.6 * pictures[full].std()


def test_nothing_is_painted_where_there_is_no_mask():
    pictures = torch.full((1, 3, 64, 64), 90.0)
    healed, where = heal(pictures, torch.ones(1), torch.zeros(1, 1, 64, 64), seeded())
    assert torch.equal(healed, pictures)
    assert not where.any()
