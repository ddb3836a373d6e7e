"""Spots of a batch's faces painted out, as ``forgeries.healing`` does it one by one."""

import torch
from torch import Tensor

from training.batched.chance import coin, uniform
from training.batched.masks import FAINTEST, draw_places
from training.batched.seamless import membrane
from training.batched.tones import to_levels
from training.batched.warps import pixel_centres
from training.forgeries.healing import ASPECTS, EDGES, MOST_SPOTS, RADII, SHADED_SHARE, SHADES


def spots(scales: Tensor, masks: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return a few ellipses under each of masks (N, 1, H, W): what they fill, 0 or 1, and with soft edges.

    ``scales`` (N,) are the faces' by the 112 px template.
    """
    count, (height, width) = len(scales), masks.shape[2:]
    middles = draw_places(masks, MOST_SPOTS, generator)[:, :, None]
    radii = uniform((count, MOST_SPOTS, 1), *RADII, generator) * scales.view(-1, 1, 1)
    shorter = radii * uniform((count, MOST_SPOTS, 1), *ASPECTS, generator)
    angles = uniform((count, MOST_SPOTS, 1), 0, torch.pi, generator)
    number = uniform((count, 1), 0, MOST_SPOTS, generator).floor() + 1
    used = (torch.arange(MOST_SPOTS, device=masks.device) < number)[..., None]
    x, y = (pixel_centres(height, width, masks.device) - middles).unbind(3)
    along, across = x * angles.cos() + y * angles.sin(), y * angles.cos() - x * angles.sin()
    outside = torch.hypot(along / radii, across / shorter) - 1  # of the way from the middle to the edge
    edges = uniform((count, 1, 1), *EDGES, generator) * scales.view(-1, 1, 1)
    soft = torch.special.ndtr(-outside * torch.sqrt(radii * shorter) / edges) * used
    filled, soft = ((outside <= 0) & used).any(1).float(), soft.amax(1)
    soft = torch.where(soft < FAINTEST, 0.0, soft)
    there = masks.amax((1, 2, 3)).view(-1, 1, 1, 1) > 0
    return filled.view(count, 1, height, width) * there, soft.view(count, 1, height, width) * there


def heal(
    pictures: Tensor, scales: Tensor, masks: Tensor, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Return pictures (N, 3, H, W) with spots under the masks painted out, and where that is (N, 1, H, W).

    A membrane fills them, where one by one it is a marching front: the middle of a spot is smooth in both.
    """
    filled, soft = spots(scales, masks, generator)
    painted = membrane(pictures, 1 - filled)
    shades = uniform(len(pictures), *SHADES, generator)
    shades = torch.where(coin(len(pictures), SHADED_SHARE, generator), shades, 1.0).view(-1, 1, 1, 1)
    return to_levels(pictures + soft * (to_levels(painted * shades) - pictures)), soft
