"""Inpaint spots of the faces of a batch; the batched form of ``forgeries.inpainting``."""

import torch
from torch import Tensor

from training.forgeries.inpainting import ASPECTS, EDGE_SIGMAS, MAX_SPOTS, RADII, SHADED_SHARE, SHADES
from training.torch_forgeries.affine import pixel_centres
from training.torch_forgeries.masks import FAINTEST, draw_points
from training.torch_forgeries.poisson import membrane
from training.torch_forgeries.random_choices import bernoulli, uniform
from training.torch_forgeries.tones import to_levels


def draw_spots(scales: Tensor, masks: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return rotated ellipses under each of masks (N, 1, H, W): hard, 0 or 1, and with soft edges.

    ``scales`` (N,) are the sizes of the faces relative to the 112 px template.
    """
    count, (height, width) = len(scales), masks.shape[2:]
    middles = draw_points(masks, MAX_SPOTS, generator)[:, :, None]
    radii = uniform((count, MAX_SPOTS, 1), *RADII, generator) * scales.view(-1, 1, 1)
    shorter = radii * uniform((count, MAX_SPOTS, 1), *ASPECTS, generator)
    angles = uniform((count, MAX_SPOTS, 1), 0, torch.pi, generator)
    number = uniform((count, 1), 0, MAX_SPOTS, generator).floor() + 1
    used = (torch.arange(MAX_SPOTS, device=masks.device) < number)[..., None]
    x, y = (pixel_centres(height, width, masks.device) - middles).unbind(3)
    along, across = x * angles.cos() + y * angles.sin(), y * angles.cos() - x * angles.sin()
    outside = torch.hypot(along / radii, across / shorter) - 1  # relative to the radius
    edges = uniform((count, 1, 1), *EDGE_SIGMAS, generator) * scales.view(-1, 1, 1)
    soft = torch.special.ndtr(-outside * torch.sqrt(radii * shorter) / edges) * used
    hard, soft = ((outside <= 0) & used).any(1).float(), soft.amax(1)
    soft = torch.where(soft < FAINTEST, 0.0, soft)
    has_mask = masks.amax((1, 2, 3)).view(-1, 1, 1, 1) > 0
    return hard.view(count, 1, height, width) * has_mask, soft.view(count, 1, height, width) * has_mask


def inpaint_spots(
    pictures: Tensor, scales: Tensor, masks: Tensor, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Return pictures (N, 3, H, W) with spots inpainted under the masks, and the spots (N, 1, H, W).

    Spots are filled by a membrane, while the numpy version uses a marching front; both leave them smooth.
    """
    hard, soft = draw_spots(scales, masks, generator)
    filled = membrane(pictures, 1 - hard)
    shades = uniform(len(pictures), *SHADES, generator)
    shades = torch.where(bernoulli(len(pictures), SHADED_SHARE, generator), shades, 1.0).view(-1, 1, 1, 1)
    return to_levels(pictures + soft * (to_levels(filled * shades) - pictures)), soft
