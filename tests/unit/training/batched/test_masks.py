"""Masks of a batch lie on their regions, softly, and are as large as the ones made one by one."""

import numpy as np
import pytest
import torch

from training.batched.masks import draw_masks, draw_regions
from training.forgeries.blends import REGIONS
from training.forgeries.masks import Region, blend_mask

SHAPE = (176, 272)


def drawn(landmarks: np.ndarray, region: Region, count: int = 24) -> torch.Tensor:
    points = torch.from_numpy(landmarks).expand(count, -1, -1)
    numbers = torch.full((count,), REGIONS.index(region))
    return draw_masks(points, numbers, SHAPE, torch.Generator().manual_seed(0))[:, 0]


@pytest.mark.parametrize("region", REGIONS)
def test_masks_are_on_their_region_and_as_large_as_numpy_s(landmarks, region):
    # given masks of both chains
    masks = drawn(landmarks, region)
    singly = np.stack([blend_mask(SHAPE, landmarks, region, np.random.default_rng(s)) for s in range(24)])

    # then they are in range, full somewhere, and agree in area and middle
    assert masks.shape == (24, *SHAPE)
    assert masks.min() == 0
    assert torch.allclose(masks.amax((1, 2)), torch.ones(24))
    assert masks.sum((1, 2)).mean() == pytest.approx(singly.sum((1, 2)).mean(), rel=0.35)
    for axis in (1, 2):
        places = [
            np.average(np.arange(m.shape[axis]), weights=m.sum((0, 3 - axis)))
            for m in (masks.numpy(), singly)
        ]
        assert places[0] == pytest.approx(places[1], abs=4)


def test_no_two_masks_are_the_same(landmarks):
    masks = drawn(landmarks, Region.FACE, 6).flatten(1)
    assert torch.cdist(masks, masks)[~torch.eye(6, dtype=torch.bool)].min() > 1


def test_tight_pictures_get_no_masks_of_whole_heads():
    tight = torch.arange(400) % 2 == 0
    regions = draw_regions(tight, torch.Generator().manual_seed(0))
    assert REGIONS.index(Region.HEAD) not in regions[tight].tolist()
    assert REGIONS.index(Region.HEAD) in regions[~tight].tolist()
