"""Where forgeries cover faces: the regions of ``forgeries.masks``, as distances with soft edges.

Everything is measured in pixels of the 112 px face template, so that faces of every size get the same masks.
"""

from functools import cache

import torch
from torch import Tensor
from torch.nn import functional

from training.batched.chance import choose, coin, normal, uniform
from training.batched.constants import constant
from training.batched.warps import affine_between, pixel_centres, transform
from training.forgeries.blends import REGION_SHARES, REGIONS
from training.forgeries.masks import OUTLINES, TEMPLATE
from training.pairs import TIGHT_REGIONS, TIGHT_SHARES

DIRECTIONS = 24  # half-planes whose intersection is the hull; 15 degrees apart
COARSE = 8  # pixels between the places that may be drawn under a mask; then anywhere about them
STRIDE = 2  # the distance is computed at half resolution, since it is nearly linear; the edge at full
BEND_SPACING, BEND_AMOUNT = 8, 3.0  # template pixels
BEND_FIRST, BEND_NODES = -48.0, 26  # the net of random shifts covers -48 to 152
FULL = 2.66  # a blurred edge is full (254 of 255) this many sigmas inside
FAINTEST = 1 / 255  # below this nothing would change


@cache
def _outlines(device: torch.device) -> Tensor:
    """Return (regions, points, 2); short outlines repeat their first point, which changes no hull."""
    longest = max(len(OUTLINES[region]) for region in REGIONS)
    padded = [OUTLINES[r] + [OUTLINES[r][0]] * (longest - len(OUTLINES[r])) for r in REGIONS]
    return torch.tensor(padded, dtype=torch.float32).to(device)


def draw_regions(tight: Tensor, generator: torch.Generator) -> Tensor:
    """Return (N,) int64 numbers of ``REGIONS``; pictures that cut the jaw off (``tight``) get inner ones."""
    inner = dict(zip(TIGHT_REGIONS, TIGHT_SHARES, strict=True))
    shares = constant([REGION_SHARES, [inner.get(region, 0.0) for region in REGIONS]], tight.device)
    return choose(shares[tight.long()], generator)


def hull_distance(outlines: Tensor, places: Tensor) -> Tensor:
    """Return (N, P): how far each of ``places`` (N, P, 2) lies outside the hull of ``outlines`` (N, Q, 2).

    Negative inside. The memory of P * 24 numbers a picture is the most that masks take.
    """
    angles = torch.arange(DIRECTIONS, device=places.device) * (2 * torch.pi / DIRECTIONS)
    normals = torch.stack([angles.cos(), angles.sin()])
    reach = (outlines @ normals).amax(1, keepdim=True)
    return (places @ normals - reach).amax(2)


def bend(places: Tensor, generator: torch.Generator) -> Tensor:
    """Return template places (N, P, 2) moved by a random elastic net (Simard et al., 2003)."""
    net = normal((len(places), 2, BEND_NODES, BEND_NODES), BEND_AMOUNT, generator)
    middle = BEND_SPACING * (BEND_NODES - 1) / 2
    grid = ((places - BEND_FIRST - middle) / middle)[:, None]
    shifts = functional.grid_sample(net, grid, padding_mode="border", align_corners=True)
    return places + shifts[:, :, 0].mT


def soften(distance: Tensor, generator: torch.Generator) -> Tensor:
    """Return (N, H, W) in [0, 1] from signed distances: edges moved inwards, then blurred as by a Gaussian.

    What ``forgeries.masks.soften`` does by blurring and cutting; a region is never eaten up by it.
    """
    count = len(distance)
    narrow, wide = uniform(count, 0.4, 2.0, generator), uniform(count, 2.0, 8.0, generator)
    width = torch.where(coin(count, 0.5, generator), narrow, wide)
    deepest = -distance.amin((1, 2))
    eroded = torch.minimum(FULL * uniform(count, 0.5, 3.0, generator), 0.4 * deepest)
    soft = torch.special.ndtr(-(distance + eroded.view(-1, 1, 1)) / width.view(-1, 1, 1))
    soft = soft / soft.amax((1, 2), keepdim=True).clamp(min=FAINTEST)
    return torch.where(soft < FAINTEST, 0.0, soft)


def draw_masks(
    landmarks: Tensor, regions: Tensor, shape: tuple[int, int], generator: torch.Generator
) -> Tensor:
    """Return masks (N, 1, H, W) in [0, 1] for ``regions`` of the faces with ``landmarks`` (N, 5, 2)."""
    device, (height, width) = landmarks.device, shape
    outlines = _outlines(device)[regions]
    outlines = outlines + normal(tuple(outlines.shape), 2.0, generator)  # people differ by more
    template = constant(TEMPLATE.tolist(), device).expand_as(landmarks)
    rows, columns = -(-height // STRIDE), -(-width // STRIDE)
    places = transform(affine_between(landmarks, template), pixel_centres(rows, columns, device, STRIDE))
    distance = hull_distance(outlines, bend(places, generator)).view(-1, 1, rows, columns)
    fine = functional.interpolate(distance, scale_factor=STRIDE, mode="bilinear", align_corners=False)
    return soften(fine[:, 0, :height, :width], generator)[:, None]


def draw_places(masks: Tensor, each: int, generator: torch.Generator) -> Tensor:
    """Return ``each`` places (N, each, 2) in pixels for each of masks (N, 1, H, W), oftener where full."""
    coarse = functional.avg_pool2d(masks, COARSE)
    sums = coarse.flatten(1).cumsum(1)
    drawn = uniform((len(masks), each), 0, 1, generator) * sums[:, -1:]
    cell = torch.searchsorted(sums, drawn).clamp(max=sums.shape[1] - 1)
    columns = coarse.shape[3]
    corners = torch.stack([cell % columns, cell // columns], dim=2) * COARSE
    return corners + uniform((len(masks), each, 2), 0, COARSE, generator)
