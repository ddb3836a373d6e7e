"""Change the colour, brightness and sharpness of pasted faces; the batched form of ``forgeries.tones``."""

import torch
from kornia.color import hsv_to_rgb, lab_to_rgb, rgb_to_hsv, rgb_to_lab
from torch import Tensor

from training.forgeries.tones import RESIZER_SHARES
from training.torch_forgeries.constants import constant
from training.torch_forgeries.random_choices import (
    assign_shares,
    bernoulli,
    categorical,
    uniform,
    update_share,
)
from training.torch_forgeries.resampling import apply_separable, blur_operators, down_up_operators

FULL_TURN = 2 * torch.pi  # kornia's hue
SOFT_SIGMA = 1.2  # pixels, of the unsharp mask


def to_levels(pictures: Tensor) -> Tensor:
    """Return the pictures rounded and clipped to 8-bit values, as float32."""
    return pictures.round().clamp(0, 255)


def change_tone(pictures: Tensor, generator: torch.Generator) -> Tensor:
    """Return pictures (N, 3, H, W) with small random changes of colour, brightness or contrast."""
    count = len(pictures)
    shift, colour, bright = assign_shares(count, (1 / 3, 1 / 3, 1 / 3), generator)
    offsets = uniform((count, 3, 1, 1), -20, 20, generator)
    shifted = torch.where(shift.mask(count).view(-1, 1, 1, 1), pictures + offsets, pictures)
    changed = update_share(shifted, colour, lambda chosen: _change_hsv(chosen, generator))
    also = (bright.mask(count) | bernoulli(count, 0.5, generator)).view(-1, 1, 1, 1)
    # Of the whole canvas: an error only shifts the brightness, which is random anyway.
    mean = changed.mean((1, 2, 3), keepdim=True)
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
    """Return pictures with a random change of sharpness: resampled, blurred, sharpened or unchanged.

    ``scales`` (N,) are the sizes of the faces relative to the 112 px template.
    """
    count, canvas = len(pictures), pictures.shape[2:]
    shares = assign_shares(count, (0.4, 0.2, 0.2), generator)
    resampled, blurred, sharpened = (share.mask(count) for share in shares)
    resizers = constant(RESIZER_SHARES, pictures.device).expand(count, -1)
    interpolations, factors = categorical(resizers, generator), uniform(count, 1.3, 4.0, generator)
    sigmas = torch.where(blurred, uniform(count, 0.4, 1.4, generator) * scales, SOFT_SIGMA * sharpened)
    soft = apply_separable(
        pictures,
        *(
            torch.where(
                resampled.view(-1, 1, 1),
                down_up_operators(factors, sizes[:, axis], interpolations, canvas[axis]),
                blur_operators(sigmas, sizes[:, axis], canvas[axis]),
            )
            for axis in (0, 1)
        ),
    )
    amount = uniform((count, 1, 1, 1), 0.5, 2.0, generator)
    sharp = pictures + amount * (pictures - soft)
    return to_levels(torch.where(sharpened.view(-1, 1, 1, 1), sharp, soft))


def match_colour(pictures: Tensor, references: Tensor, masks: Tensor, strengths: Tensor) -> Tensor:
    """Return pictures with mean and deviation of their Lab channels under the masks matched to references.

    Reinhard et al., "Color transfer between images", 2001. ``strengths`` (N,) in [0, 1]; 1 matches fully.
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
