"""Faces of a batch bent by smooth flows, as ``forgeries.bending`` does it one by one."""

import torch
from torch import Tensor
from torch.nn import functional

from training.batched.chance import coin, normal, uniform
from training.batched.masks import draw_places
from training.batched.warps import hold, pixel_centres
from training.forgeries.bending import AMOUNTS, BRUSHES, LENGTHS, MOST_PUSHES, PUSHED_SHARE, SPACINGS

NODES = 4  # beyond the nodes that a picture needs, for the interpolation


def flows(scales: Tensor, shape: tuple[int, int], generator: torch.Generator) -> Tensor:
    """Return shifts (N, 2, H, W) in pixels of faces with ``scales`` (N,) by the 112 px template."""
    count, (height, width) = len(scales), shape
    spacing = uniform(count, *SPACINGS, generator) * scales
    amount = uniform(count, *AMOUNTS, generator) * scales
    # Nets of one size for all, as fine as a small face needs; a large face shows a part of its own. Their
    # size does not depend on what was drawn, so the host need not wait for it.
    edge = int(max(height, width) / SPACINGS[0]) + NODES
    net = normal((count, 2, edge, edge), 1.0, generator) * amount.view(-1, 1, 1, 1)
    places = pixel_centres(height, width, scales.device).view(1, height, width, 2)
    middle = torch.tensor([(width - 1) / 2, (height - 1) / 2]).to(scales.device, non_blocking=True)
    grid = (places - middle) / spacing.view(-1, 1, 1, 1) / ((edge - 1) / 2)
    return functional.grid_sample(net, grid, mode="bicubic", padding_mode="reflection", align_corners=True)


def pushes(scales: Tensor, masks: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return shifts (N, 2, H, W) of a few strokes under each mask, and how near each middle (N, 1, H, W)."""
    count, (height, width) = len(scales), masks.shape[2:]
    middles = draw_places(masks, MOST_PUSHES, generator).view(count, MOST_PUSHES, 1, 2)
    brushes = uniform((count, MOST_PUSHES), *BRUSHES, generator) * scales[:, None]
    lengths = uniform((count, MOST_PUSHES), *LENGTHS, generator) * brushes
    way = uniform((count, MOST_PUSHES), 0, 2 * torch.pi, generator)
    number = uniform((count, 1), 0, MOST_PUSHES, generator).floor() + 1
    used = (torch.arange(MOST_PUSHES, device=masks.device) < number)[..., None]
    away = (pixel_centres(height, width, masks.device) - middles).square().sum(3)
    near = torch.exp(-away / (2 * brushes.square())[..., None]) * used
    strokes = torch.stack([lengths * way.cos(), lengths * way.sin()], dim=1)
    shift = torch.einsum("nck,nkp->ncp", strokes, near).view(count, 2, height, width)
    return shift, near.amax(1).view(count, 1, height, width)


def bend(
    pictures: Tensor, scales: Tensor, sizes: Tensor, masks: Tensor, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Return pictures (N, 3, H, W) bent under masks (N, 1, H, W), and the masks of what was bent.

    ``sizes`` (N, 2) are as in the store.
    """
    height, width = pictures.shape[2:]
    pushed = coin(len(pictures), PUSHED_SHARE, generator).view(-1, 1, 1, 1)
    strokes, reach = pushes(scales, masks, generator)
    shift = torch.where(pushed, strokes, flows(scales, (height, width), generator)) * masks
    masks, shift = torch.where(pushed, masks * reach, masks), shift.flatten(2).mT
    lengths = sizes.flip(1).to(shift.dtype)[:, None]
    places = hold(pixel_centres(height, width, pictures.device) + shift, lengths)
    edges = torch.tensor([width, height]).to(pictures.device, non_blocking=True)
    grid = ((places + 0.5) * 2 / edges - 1).view(-1, height, width, 2)
    # Bicubic, where one by one the interpolation is drawn: a device's sampling has no Lanczos.
    bent = functional.grid_sample(pictures, grid, mode="bicubic", padding_mode="border", align_corners=False)
    return torch.where(masks > 0, bent.round().clamp(0, 255), pictures), masks
