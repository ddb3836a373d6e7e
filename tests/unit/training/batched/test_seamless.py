"""Seamless cloning: nothing changes outside, no step at the border, no colour of its own inside."""

import pytest
import torch

from training.batched.seamless import clone, membrane


@pytest.fixture
def mask() -> torch.Tensor:
    ys, xs = torch.meshgrid(torch.arange(45.0), torch.arange(61.0), indexing="ij")
    return (((ys - 22) / 14).square() + ((xs - 33) / 17).square() < 1).float()[None, None]


def test_what_differs_by_its_brightness_alone_vanishes(mask):
    below = torch.rand(1, 3, 45, 61, generator=torch.Generator().manual_seed(0)) * 150
    assert torch.allclose(clone(below, below + 60, mask), below.round(), atol=1)


def test_outside_the_mask_the_ground_stays(mask):
    below, above = torch.full((1, 3, 45, 61), 80.0), torch.rand(1, 3, 45, 61) * 255
    cloned = clone(below, above, mask)
    assert torch.equal(cloned[:, :, mask[0, 0] == 0], below[:, :, mask[0, 0] == 0])


def test_membrane_is_harmonic(mask):
    # given a ramp at the border, whose harmonic continuation is the ramp itself
    ramp = torch.arange(61.0).expand(1, 1, 45, 61)
    field = membrane(ramp * (1 - mask), 1 - mask)
    assert (field - ramp).abs().max() < 1.2  # of 34 levels from one side of the mask to the other
