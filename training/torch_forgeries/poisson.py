"""Poisson blending in batches: the pasted part keeps its detail and takes the colours of its surroundings.

The method (Pérez et al., 2003) adds a membrane to the pasted part. The membrane equals the difference to the
ground at the mask's border and solves the Laplace equation inside. It is solved from coarse to fine
(cascadic multigrid; Bornemann & Deuflhard, 1996), with the border's values fixed at each level.
"""

import torch
from torch import Tensor
from torch.nn import functional

COARSEST = 8  # pixels; a smaller grid is filled with the border's mean
SWEEPS = 12  # Jacobi iterations at full resolution; doubled at each coarser level, where they cost a quarter


def _neighbours(values: Tensor) -> Tensor:
    """Return the mean of the four neighbours; edge pixels are repeated."""
    padded = functional.pad(values, (1, 1, 1, 1), mode="replicate")
    across = padded[:, :, 1:-1, :-2] + padded[:, :, 1:-1, 2:]
    return (across + padded[:, :, :-2, 1:-1] + padded[:, :, 2:, 1:-1]) / 4


def membrane(values: Tensor, known: Tensor, sweeps: int = SWEEPS) -> Tensor:
    """Return ``values`` (N, C, H, W) where ``known`` (N, 1, H, W) is 1, smoothly filled where it is 0."""
    height, width = values.shape[2:]
    if min(height, width) <= COARSEST:
        weight = known.sum((2, 3), keepdim=True).clamp(min=1)
        field = ((values * known).sum((2, 3), keepdim=True) / weight).expand_as(values)
    else:
        shape = (-(-height // 2), -(-width // 2))
        weight = functional.adaptive_avg_pool2d(known, shape)
        coarse = functional.adaptive_avg_pool2d(values * known, shape) / weight.clamp(min=1e-6)
        solved = membrane(coarse, (weight > 0).float(), 2 * sweeps)
        field = functional.interpolate(solved, (height, width), mode="bilinear", align_corners=False)
    field = torch.where(known > 0, values, field)
    for _ in range(sweeps):
        field = torch.where(known > 0, values, _neighbours(field))
    return field


def poisson_blend(below: Tensor, above: Tensor, masks: Tensor) -> Tensor:
    """Return ``below`` with the gradients of ``above`` where the masks exceed 0.5."""
    outside = (masks <= 0.5).float()
    fitted = above + membrane(below - above, outside)
    return torch.where(outside > 0, below, fitted).round().clamp(0, 255)
