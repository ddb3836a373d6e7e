"""Soft masks of the forgeries of a batch; the batched form of ``forgeries.masks``, by signed distances.

Distances are in pixels of the 112 px face template, so that the masks do not depend on the face's size.
"""

from functools import cache

import torch
from torch import Tensor
from torch.nn import functional

from training.forgeries.blends import REGION_SHARES, REGIONS
from training.forgeries.masks import OUTLINES, TEMPLATE
from training.pairs import TIGHT_REGIONS, TIGHT_SHARES
from training.torch_forgeries.affine import affine_between, pixel_centres, transform_points
from training.torch_forgeries.constants import constant
from training.torch_forgeries.random_choices import bernoulli, categorical, normal, uniform

DIRECTIONS = 24  # of the half-planes that bound a hull, 15 degrees apart
COARSE = 8  # pixels; points are drawn by cell of this size, then uniformly within the cell
STRIDE = 2  # distances are nearly linear, so they are computed at half resolution and interpolated
NODE_SPACING, AMPLITUDE = 8, 3.0  # template pixels
FIRST_NODE, NODES = -48.0, 26  # the nodes of the elastic deformation cover -48 to 152
FULL = 2.66  # a blurred edge is full (254 of 255) this many sigmas inside
FAINTEST = 1 / 255  # a lower opacity changes no pixel


@cache
def _outlines(device: torch.device) -> Tensor:
    """Return (regions, points, 2); short outlines repeat their first point, which keeps the hull."""
    longest = max(len(OUTLINES[region]) for region in REGIONS)
    padded = [OUTLINES[r] + [OUTLINES[r][0]] * (longest - len(OUTLINES[r])) for r in REGIONS]
    return torch.tensor(padded, dtype=torch.float32).to(device)


def draw_regions(tight: Tensor, generator: torch.Generator) -> Tensor:
    """Return (N,) int64 indices of ``REGIONS``; ``tight`` pictures get inner regions."""
    inner = dict(zip(TIGHT_REGIONS, TIGHT_SHARES, strict=True))
    shares = constant([REGION_SHARES, [inner.get(region, 0.0) for region in REGIONS]], tight.device)
    return categorical(shares[tight.long()], generator)


def hull_distance(outlines: Tensor, places: Tensor) -> Tensor:
    """Return (N, P): signed distances of ``places`` (N, P, 2) from the hulls of ``outlines`` (N, Q, 2).

    Distances are negative inside. The peak memory of the masks is here: P * 24 numbers per picture.
    """
    angles = torch.arange(DIRECTIONS, device=places.device) * (2 * torch.pi / DIRECTIONS)
    normals = torch.stack([angles.cos(), angles.sin()])
    reach = (outlines @ normals).amax(1, keepdim=True)
    return (places @ normals - reach).amax(2)


def elastic_deform(places: Tensor, generator: torch.Generator) -> Tensor:
    """Return template places (N, P, 2) after a random elastic deformation (Simard et al., 2003)."""
    nodes = normal((len(places), 2, NODES, NODES), AMPLITUDE, generator)
    middle = NODE_SPACING * (NODES - 1) / 2
    grid = ((places - FIRST_NODE - middle) / middle)[:, None]
    shifts = functional.grid_sample(nodes, grid, padding_mode="border", align_corners=True)
    return places + shifts[:, :, 0].mT


def soften(distance: Tensor, generator: torch.Generator) -> Tensor:
    """Return (N, H, W) in [0, 1] from signed distances: edges moved inwards, then blurred as by a Gaussian.

    This imitates ``forgeries.masks.soften``, but never erodes a region completely.
    """
    count = len(distance)
    narrow, wide = uniform(count, 0.4, 2.0, generator), uniform(count, 2.0, 8.0, generator)
    width = torch.where(bernoulli(count, 0.5, generator), narrow, wide)
    deepest = -distance.amin((1, 2))
    eroded = torch.minimum(FULL * uniform(count, 0.5, 3.0, generator), 0.4 * deepest)
    soft = torch.special.ndtr(-(distance + eroded.view(-1, 1, 1)) / width.view(-1, 1, 1))
    soft = soft / soft.amax((1, 2), keepdim=True).clamp(min=FAINTEST)
    return torch.where(soft < FAINTEST, 0.0, soft)


def blend_masks(
    landmarks: Tensor, regions: Tensor, shape: tuple[int, int], generator: torch.Generator
) -> Tensor:
    """Return random masks (N, 1, H, W) in [0, 1] for ``regions`` (N,) of faces with ``landmarks``."""
    device, (height, width) = landmarks.device, shape
    outlines = _outlines(device)[regions]
    outlines = outlines + normal(tuple(outlines.shape), 2.0, generator)  # real faces vary more
    template = constant(TEMPLATE.tolist(), device).expand_as(landmarks)
    rows, columns = -(-height // STRIDE), -(-width // STRIDE)
    places = transform_points(
        affine_between(landmarks, template), pixel_centres(rows, columns, device, STRIDE)
    )
    distance = hull_distance(outlines, elastic_deform(places, generator)).view(-1, 1, rows, columns)
    fine = functional.interpolate(distance, scale_factor=STRIDE, mode="bilinear", align_corners=False)
    return soften(fine[:, 0, :height, :width], generator)[:, None]


def draw_points(masks: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """Return ``count`` points (N, count, 2) per mask (N, 1, H, W), with probability by its opacity."""
    coarse = functional.avg_pool2d(masks, COARSE)
    sums = coarse.flatten(1).cumsum(1)
    targets = uniform((len(masks), count), 0, 1, generator) * sums[:, -1:]
    cells = torch.searchsorted(sums, targets).clamp(max=sums.shape[1] - 1)
    columns = coarse.shape[3]
    corners = torch.stack([cells % columns, cells // columns], dim=2) * COARSE
    return corners + uniform((len(masks), count, 2), 0, COARSE, generator)
