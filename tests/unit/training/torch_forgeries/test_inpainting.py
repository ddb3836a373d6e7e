"""Inpainting a batch: only under the masks, smooth, and as large as in numpy."""

import numpy as np
import torch

from training.forgeries import inpainting as numpy_inpainting
from training.torch_forgeries.inpainting import draw_spots, inpaint_spots


def seeded() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def test_spots_are_as_large_as_in_numpy():
    # given the same mask for both implementations
    masks = torch.zeros(64, 1, 128, 128)
    masks[:, :, 40:88, 40:88] = 1
    hard, soft = draw_spots(torch.full((64,), 1.5), masks, seeded())
    rng = np.random.default_rng(0)
    single = [numpy_inpainting.draw_spots(masks[0, 0].numpy(), 1.5, rng) > 0 for _ in range(64)]

    # then they cover as much, have soft edges, and lie under the mask
    assert abs(hard.mean() / np.mean(single) - 1) < 0.25
    assert set(hard.unique().tolist()) == {0.0, 1.0}
    assert 0 < (soft - hard).abs().mean() < 0.5 * hard.mean()
    assert (hard * masks).sum() > 0.6 * hard.sum()


def test_only_spots_change_and_they_lose_their_texture():
    # given noise, which cannot be predicted from its surroundings
    pictures = torch.randint(0, 256, (8, 3, 96, 96), generator=seeded()).float()
    masks = torch.zeros(8, 1, 96, 96)
    masks[:, :, 32:64, 32:64] = 1
    inpainted, spots = inpaint_spots(pictures, torch.ones(8), masks, seeded())

    # then pixels outside the spots stay unchanged, and the spots are smooth
    untouched = (spots == 0).expand_as(pictures)
    assert torch.equal(inpainted[untouched], pictures[untouched])
    full = (spots > 0.99).expand_as(pictures)
    assert full.any()
    assert inpainted[full].std() < 0.6 * pictures[full].std()


def test_empty_mask_changes_nothing():
    pictures = torch.full((1, 3, 64, 64), 90.0)
    inpainted, spots = inpaint_spots(pictures, torch.ones(1), torch.zeros(1, 1, 64, 64), seeded())
    assert torch.equal(inpainted, pictures)
    assert not spots.any()
