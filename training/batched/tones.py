"""How the pasted faces of a batch differ from the pictures around them: colour, brightness and sharpness.

The ways and amounts are those of ``forgeries.tones``.
"""

import torch
from kornia.color import hsv_to_rgb, lab_to_rgb, rgb_to_hsv, rgb_to_lab
from torch import Tensor

from training.batched.chance import choose, coin, deal, uniform, update
from training.batched.constants import constant
from training.batched.resampling import blurring, down_and_up, separable
from training.forgeries.tones import RESIZER_SHARES

FULL_TURN = 2 * torch.pi  # kornia's hue
SOFT_SIGMA = 1.2  # pixels; what the unsharp mask takes away


def to_levels(pictures: Tensor) -> Tensor:
    """Return the pictures as 8 bits would hold them, still as float32."""
    return pictures.round().clamp(0, 255)


def change_tone(pictures: Tensor, generator: torch.Generator) -> Tensor:
    """Return pictures (N, 3, H, W) with colours, or brightness and contrast, moved by small drawn amounts."""
    count = len(pictures)
    shift, colour, bright = deal(count, (1 / 3, 1 / 3, 1 / 3), generator)
    by = uniform((count, 3, 1, 1), -20, 20, generator)
    shifted = torch.where(shift.mask(count).view(-1, 1, 1, 1), pictures + by, pictures)
    changed = update(shifted, colour, lambda chosen: _change_hsv(chosen, generator))
    also = (bright.mask(count) | coin(count, 0.5, generator)).view(-1, 1, 1, 1)
    mean = changed.mean(
        (1, 2, 3), keepdim=True
    )  # of the canvas; an offset to a brightness that is drawn anyway
    contrast = uniform((count, 1, 1, 1), 0.88, 1.12, generator)
    brightness = uniform((count, 1, 1, 1), -20, 20, generator)
    return to_levels(torch.where(also, (changed - mean) * contrast + mean + brightness, changed))


def _change_hsv(pictures: Tensor, generator: torch.Generator) -> Tensor:
    hue, saturation, value = rgb_to_hsv(to_levels(pictures) / 255).unbind(1)
    shape = (len(pictures), 1, 1)
    turn = uniform(shape, -16, 16, generator) * (FULL_TURN / 360)
    saturation = (saturation * uniform(shape, 0.75, 1.25, generator)).clamp(max=1)
    value = (value * uniform(shape, 0.75, 1.25, generator)).clamp(max=1)
    return hsv_to_rgb(torch.stack([(hue + turn) % FULL_TURN, saturation, value], dim=1)) * 255


def degrade(pictures: Tensor, scales: Tensor, sizes: Tensor, generator: torch.Generator) -> Tensor:
    """Return pictures with their sharpness changed: resampled, blurred, sharpened or left alone.

    ``scales`` (N,) is the faces' size by the 112 px template.
    """
    count, canvas = len(pictures), pictures.shape[2:]
    resampled, blurred, sharpened = (share.mask(count) for share in deal(count, (0.4, 0.2, 0.2), generator))
    shares = constant(RESIZER_SHARES, pictures.device).expand(count, -1)
    ways, factors = choose(shares, generator), uniform(count, 1.3, 4.0, generator)
    sigmas = torch.where(blurred, uniform(count, 0.4, 1.4, generator) * scales, SOFT_SIGMA * sharpened)
    soft = separable(
        pictures,
        *(
            torch.where(
                resampled.view(-1, 1, 1),
                down_and_up(factors, sizes[:, axis], ways, canvas[axis]),
                blurring(sigmas, sizes[:, axis], canvas[axis]),
            )
            for axis in (0, 1)
        ),
    )
    amount = uniform((count, 1, 1, 1), 0.5, 2.0, generator)
    sharp = pictures + amount * (pictures - soft)
    return to_levels(torch.where(sharpened.view(-1, 1, 1, 1), sharp, soft))


def match_colour(pictures: Tensor, references: Tensor, masks: Tensor, strengths: Tensor) -> Tensor:
    """Return pictures with mean and spread of their Lab channels under the masks moved to the references'.

    Reinhard et al., "Color transfer between images", 2001; ``strengths`` (N,) of 1 move all the way.
    """
    inside = (masks > 0.5).float()
    own, other = rgb_to_lab(pictures / 255), rgb_to_lab(references / 255)
    own_mean, own_spread = _moments(own, inside)
    other_mean, other_spread = _moments(other, inside)
    gain = (other_spread / (own_spread + 1e-3)).clamp(0.5, 2.0)
    share = strengths.view(-1, 1, 1, 1) * (inside.amax((2, 3), keepdim=True) > 0)
    moved = (own - own_mean) * gain + other_mean
    return to_levels(lab_to_rgb(own + share * (moved - own)) * 255)


def _moments(pictures: Tensor, inside: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and standard deviation of each channel under the mask, (N, 3, 1, 1)."""
    area = inside.sum((2, 3), keepdim=True).clamp(min=1)
    mean = (pictures * inside).sum((2, 3), keepdim=True) / area
    variance = ((pictures - mean).square() * inside).sum((2, 3), keepdim=True) / area
    return mean, variance.sqrt()
