"""Masks of a batch: soft, on their regions and as large as in numpy."""

import numpy as np
import pytest
import torch

from training.forgeries.blends import REGIONS
from training.forgeries.masks import Region, blend_mask
from training.torch_forgeries.masks import blend_masks, draw_regions

SHAPE = (176, 272)


def draw_batch(landmarks: np.ndarray, region: Region, count: int = 24) -> torch.Tensor:
    points = torch.from_numpy(landmarks).expand(count, -1, -1)
    numbers = torch.full((count,), REGIONS.index(region))
    return blend_masks(points, numbers, SHAPE, torch.Generator().manual_seed(0))[:, 0]


@pytest.mark.parametrize("region", REGIONS)
def test_masks_match_numpy_in_place_and_size(landmarks, region):
    # given masks of both implementations
    masks = draw_batch(landmarks, region)
    single = np.stack([blend_mask(SHAPE, landmarks, region, np.random.default_rng(s)) for s in range(24)])

    # then they are in range, reach 1, and agree in area and centre
    assert masks.shape == (24, *SHAPE)
    assert masks.min() == 0
    assert torch.allclose(masks.amax((1, 2)), torch.ones(24))
    assert masks.sum((1, 2)).mean() == pytest.approx(single.sum((1, 2)).mean(), rel=0.35)
    for axis in (1, 2):
        places = [
            np.average(np.arange(m.shape[axis]), weights=m.sum((0, 3 - axis)))
            for m in (masks.numpy(), single)
        ]
        assert places[0] == pytest.approx(places[1], abs=4)


def test_no_two_masks_are_the_same(landmarks):
    masks = draw_batch(landmarks, Region.FACE, 6).flatten(1)
    assert torch.cdist(masks, masks)[~torch.eye(6, dtype=torch.bool)].min() > 1


def test_tight_pictures_get_no_masks_of_heads():
    tight = torch.arange(400) % 2 == 0
    regions = draw_regions(tight, torch.Generator().manual_seed(0))
    assert REGIONS.index(Region.HEAD) not in regions[tight].tolist()
    assert REGIONS.index(Region.HEAD) in regions[~tight].tolist()
