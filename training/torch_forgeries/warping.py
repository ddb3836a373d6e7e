"""Warp the faces of a batch with smooth displacement fields; the batched form of ``forgeries.warping``."""

import torch
from torch import Tensor
from torch.nn import functional

from training.forgeries.warping import (
    AMPLITUDES,
    BRUSH_SIGMAS,
    MAX_PUSHES,
    NODE_SPACINGS,
    PUSH_LENGTHS,
    PUSHED_SHARE,
)
from training.torch_forgeries.affine import clamp_to_edge, pixel_centres
from training.torch_forgeries.masks import draw_points
from training.torch_forgeries.random_choices import bernoulli, normal, uniform

MARGIN_NODES = 4  # beyond those that cover a picture, for the interpolation


def elastic_displacements(scales: Tensor, shape: tuple[int, int], generator: torch.Generator) -> Tensor:
    """Return random smooth displacements (N, 2, H, W) in pixels.

    ``scales`` (N,) are the sizes of the faces relative to the 112 px template.
    """
    count, (height, width) = len(scales), shape
    spacing = uniform(count, *NODE_SPACINGS, generator) * scales
    amplitude = uniform(count, *AMPLITUDES, generator) * scales
    # All grids have the size that a small face needs; a large face uses a part of its grid. The size does not
    # depend on random values, so the host need not wait for them.
    edge = int(max(height, width) / NODE_SPACINGS[0]) + MARGIN_NODES
    nodes = normal((count, 2, edge, edge), 1.0, generator) * amplitude.view(-1, 1, 1, 1)
    places = pixel_centres(height, width, scales.device).view(1, height, width, 2)
    middle = torch.tensor([(width - 1) / 2, (height - 1) / 2]).to(scales.device, non_blocking=True)
    grid = (places - middle) / spacing.view(-1, 1, 1, 1) / ((edge - 1) / 2)
    return functional.grid_sample(nodes, grid, mode="bicubic", padding_mode="reflection", align_corners=True)


def push_displacements(scales: Tensor, masks: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return displacements (N, 2, H, W) of a few pushes under each mask, and their proximity (N, 1, H, W).

    The proximity is 1 in the middle of a push and falls to 0 around it.
    """
    count, (height, width) = len(scales), masks.shape[2:]
    middles = draw_points(masks, MAX_PUSHES, generator).view(count, MAX_PUSHES, 1, 2)
    sigmas = uniform((count, MAX_PUSHES), *BRUSH_SIGMAS, generator) * scales[:, None]
    lengths = uniform((count, MAX_PUSHES), *PUSH_LENGTHS, generator) * sigmas
    angles = uniform((count, MAX_PUSHES), 0, 2 * torch.pi, generator)
    number = uniform((count, 1), 0, MAX_PUSHES, generator).floor() + 1
    used = (torch.arange(MAX_PUSHES, device=masks.device) < number)[..., None]
    distances = (pixel_centres(height, width, masks.device) - middles).square().sum(3)
    brushes = torch.exp(-distances / (2 * sigmas.square())[..., None]) * used
    pushes = torch.stack([lengths * angles.cos(), lengths * angles.sin()], dim=1)
    shift = torch.einsum("nck,nkp->ncp", pushes, brushes).view(count, 2, height, width)
    return shift, brushes.amax(1).view(count, 1, height, width)


def warp_faces(
    pictures: Tensor, scales: Tensor, sizes: Tensor, masks: Tensor, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Return pictures (N, 3, H, W) warped under masks (N, 1, H, W), and the masks of the warped parts.

    ``sizes`` (N, 2) are those of :class:`~training.torch_forgeries.photo_store.PhotoStore`.
    """
    height, width = pictures.shape[2:]
    pushed = bernoulli(len(pictures), PUSHED_SHARE, generator).view(-1, 1, 1, 1)
    pushes, proximity = push_displacements(scales, masks, generator)
    shift = torch.where(pushed, pushes, elastic_displacements(scales, (height, width), generator)) * masks
    masks, shift = torch.where(pushed, masks * proximity, masks), shift.flatten(2).mT
    lengths = sizes.flip(1).to(shift.dtype)[:, None]
    places = clamp_to_edge(pixel_centres(height, width, pictures.device) + shift, lengths)
    edges = torch.tensor([width, height]).to(pictures.device, non_blocking=True)
    grid = ((places + 0.5) * 2 / edges - 1).view(-1, height, width, 2)
    # Always bicubic, while the numpy version draws the interpolation: grid_sample has no Lanczos.
    warped = functional.grid_sample(
        pictures, grid, mode="bicubic", padding_mode="border", align_corners=False
    )
    return torch.where(masks > 0, warped.round().clamp(0, 255), pictures), masks
