"""Poisson blending in batches: the pasted part keeps its detail and takes the colours of its surroundings.

The method (Pérez et al., 2003) adds a membrane to the pasted part. The membrane equals the difference to the
ground at the mask's border and solves the Laplace equation inside. It is solved from coarse to fine
(cascadic multigrid; Bornemann & Deuflhard, 1996), with the border's values fixed at each level.
"""

from functools import cache

import torch
from torch import Tensor
from torch.nn import functional

COARSEST = 8  # pixels; a smaller grid is filled with the border's mean
SWEEPS = 16  # per level
RADIUS = 0.99  # assumed spectral radius of a sweep; fits unknown areas about 20 pixels wide


@cache
def _mean_of_neighbours(channels: int, device: torch.device) -> Tensor:
    kernel = torch.tensor([[0, 1, 0], [1, 0, 1], [0, 1, 0]]) / 4
    return kernel.expand(channels, 1, 3, 3).contiguous().to(device)


def _relax(field: Tensor, values: Tensor, unknown: Tensor, sweeps: int) -> Tensor:
    """Return the field closer to a solution, by Chebyshev's semi-iteration (Golub & Varga, 1961).

    Each sweep is one of Jacobi's, extrapolated from the sweep before. Few sweeps matter: on small grids a GPU
    spends all its time launching kernels.
    """
    channels = field.shape[1]
    kernel = _mean_of_neighbours(channels, field.device)
    before, factor = field, 1.0
    for sweep in range(sweeps):
        padded = functional.pad(field, (1, 1, 1, 1), mode="replicate")
        means = torch.where(unknown, functional.conv2d(padded, kernel, groups=channels), values)
        before, field = field, torch.lerp(before, means, factor)
        factor = 1 / (1 - RADIUS**2 * (factor / 4 if sweep else 1 / 2))
    return field


def membrane(values: Tensor, known: Tensor) -> Tensor:
    """Return ``values`` (N, C, H, W) where ``known`` (N, 1, H, W) is 1, smoothly filled where it is 0."""
    height, width = values.shape[2:]
    if min(height, width) <= COARSEST:
        weight = known.sum((2, 3), keepdim=True).clamp(min=1)
        field = ((values * known).sum((2, 3), keepdim=True) / weight).expand_as(values)
    else:
        shape = (-(-height // 2), -(-width // 2))
        weight = functional.adaptive_avg_pool2d(known, shape)
        coarse = functional.adaptive_avg_pool2d(values * known, shape) / weight.clamp(min=1e-6)
        solved = membrane(coarse, (weight > 0).float())
        field = functional.interpolate(solved, (height, width), mode="bilinear", align_corners=False)
    unknown = known == 0
    return _relax(torch.where(unknown, field, values), values, unknown, SWEEPS)


def poisson_blend(below: Tensor, above: Tensor, masks: Tensor) -> Tensor:
    """Return ``below`` with the gradients of ``above`` where the masks exceed 0.5."""
    outside = (masks <= 0.5).float()
    fitted = above + membrane(below - above, outside)
    return torch.where(outside > 0, below, fitted).round().clamp(0, 255)
