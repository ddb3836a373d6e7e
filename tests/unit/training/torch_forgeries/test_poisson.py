"""Poisson blending: nothing changes outside the mask, and there is no step at its border."""

import pytest
import torch

from training.torch_forgeries.poisson import membrane, poisson_blend


@pytest.fixture
def mask() -> torch.Tensor:
    ys, xs = torch.meshgrid(torch.arange(45.0), torch.arange(61.0), indexing="ij")
    return (((ys - 22) / 14).square() + ((xs - 33) / 17).square() < 1).float()[None, None]


def test_difference_in_brightness_vanishes(mask):
    below = torch.rand(1, 3, 45, 61, generator=torch.Generator().manual_seed(0)) * 150
    assert torch.allclose(poisson_blend(below, below + 60, mask), below.round(), atol=1)


def test_ground_stays_unchanged_outside_the_mask(mask):
    below, above = torch.full((1, 3, 45, 61), 80.0), torch.rand(1, 3, 45, 61) * 255
    blended = poisson_blend(below, above, mask)
    assert torch.equal(blended[:, :, mask[0, 0] == 0], below[:, :, mask[0, 0] == 0])


def test_membrane_is_harmonic(mask):
    # given a ramp at the border, whose harmonic continuation is the ramp itself
    ramp = torch.arange(61.0).expand(1, 1, 45, 61)
    field = membrane(ramp * (1 - mask), 1 - mask)
    assert (field - ramp).abs().max() < 1.2  # of 34 levels from one side of the mask to the other


def test_a_large_membrane_is_harmonic():
    # given a mask nine tenths of the picture wide, with different colours at its left and right
    known = torch.ones(1, 1, 96, 288)
    known[..., 14:274] = 0
    ramp = torch.linspace(0, 255, 288).expand(1, 1, 96, 288)
    field = membrane(ramp * known, known)
    assert (field - ramp).abs().max() < 0.6


@pytest.mark.parametrize("edge", [224, 256])
def test_membrane_under_a_wide_disc_is_harmonic(edge):
    # given a disc four fifths of the picture wide; x^2 - y^2 is harmonic, on a grid too
    y, x = torch.meshgrid(torch.linspace(-1, 1, edge), torch.linspace(-1, 1, edge), indexing="ij")
    saddle = 127.5 * (1 + x.square() - y.square())[None, None]
    known = (torch.hypot(x, y) >= 0.8).float()[None, None]
    field = membrane(saddle * known, known)
    assert (field - saddle).abs().max() < 0.2  # of 255 levels
