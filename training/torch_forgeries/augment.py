"""Augment a batch as platforms change pictures; the batched form of ``training.augment``.

Pairs are (N, 2, 3, canvas, canvas), and both pictures of a pair get the same changes. A step that applies to
a share of the batch costs only that share.
"""

from collections.abc import Callable
from functools import cache

import torch
from torch import Tensor

from training.augment import (
    BLUR_CHANCE,
    H264_CHANCE,
    JPEG_CHANCE,
    LIGHT_CHANCE,
    MILDEST_CRF,
    NOISE_CHANCE,
    OVERLAY_CHANCE,
    RECOMPRESSED_CHANCE,
    SHARPEN_CHANCE,
    SHRINK_CHANCE,
    WEBP_CHANCE,
    worst_crf,
    worst_quality,
)
from training.overlays import premultiply, stickers, text_bars
from training.torch_forgeries.affine import clamp_to_edge, warp_affine
from training.torch_forgeries.codecs import h264, jpeg, webp
from training.torch_forgeries.random_choices import (
    Share,
    assign_shares,
    categorical,
    normal,
    uniform,
    update_share,
)
from training.torch_forgeries.resampling import LINEAR, apply_separable, blur_operators, down_up_operators
from training.torch_forgeries.tones import to_levels

Step = Callable[[Tensor, Tensor, float, torch.Generator], Tensor]


def _per_pair(values: Tensor) -> Tensor:
    """Return values (N,) in a shape that broadcasts to (N, 2, 3, H, W)."""
    return values.view(-1, 1, 1, 1, 1)


def light(pairs: Tensor, _edges: Tensor, _strength: float, generator: torch.Generator) -> Tensor:
    """Return the pairs with small random changes of channel gain, brightness and gamma."""
    count = len(pairs)
    gains = uniform((count, 1, 1, 1, 1), 0.85, 1.15, generator)
    gains = gains * uniform((count, 1, 3, 1, 1), 0.95, 1.05, generator)
    gamma = _per_pair(uniform(count, 0.8, 1.25, generator))
    offset = _per_pair(uniform(count, -10, 10, generator))
    return to_levels((pairs / 255) ** gamma * gains * 255 + offset)


def shrink(pairs: Tensor, edges: Tensor, strength: float, generator: torch.Generator) -> Tensor:
    """Return the pairs downscaled and upscaled again, like a small upload."""
    factors = uniform(len(pairs), 1.0, 1.2 + 1.3 * strength, generator)
    interpolations = torch.full_like(edges, LINEAR)
    operator = down_up_operators(factors, edges, interpolations, pairs.shape[-1])
    return to_levels(apply_separable(pairs, operator, operator))


def blur(pairs: Tensor, edges: Tensor, strength: float, generator: torch.Generator) -> Tensor:
    """Return the pairs blurred by a Gaussian."""
    sigmas = uniform(len(pairs), 0.3, 0.5 + 0.7 * strength, generator)
    operator = blur_operators(sigmas, edges, pairs.shape[-1])
    return to_levels(apply_separable(pairs, operator, operator))


def sharpen(pairs: Tensor, edges: Tensor, _strength: float, generator: torch.Generator) -> Tensor:
    """Return the pairs sharpened by an unsharp mask, as cameras do."""
    operator = blur_operators(torch.ones_like(edges, dtype=torch.float32), edges, pairs.shape[-1])
    amount = _per_pair(uniform(len(pairs), 0.2, 1.0, generator))
    return to_levels(pairs + amount * (pairs - apply_separable(pairs, operator, operator)))


def noise(pairs: Tensor, _edges: Tensor, strength: float, generator: torch.Generator) -> Tensor:
    """Return the pairs with Gaussian noise, the same in both pictures."""
    sigma = _per_pair(uniform(len(pairs), 1, 3 + 7 * strength, generator))
    return to_levels(pairs + sigma * normal((len(pairs), 1, *pairs.shape[2:]), 1.0, generator))


def add_overlay(pairs: Tensor, edges: Tensor, _strength: float, generator: torch.Generator) -> Tensor:
    """Return the pairs with a sticker or a bar of text at a random position and size."""
    count, device, canvas = len(pairs), pairs.device, pairs.shape[-1]
    sprites, shapes, bars = _atlas(device)
    chosen = categorical(_overlay_probabilities(bars).expand(count, -1), generator)
    is_bar, shape = bars[chosen], shapes[chosen]
    share = torch.where(is_bar, uniform(count, 0.4, 1.0, generator), uniform(count, 0.12, 0.35, generator))
    free = torch.stack([1 - share, 1 - share * shape[:, 0] / shape[:, 1]], dim=1)
    corner = uniform((count, 2), 0, 1, generator) * free * edges[:, None]
    step = shape[:, 1] / (share * edges)  # sprite pixels per picture pixel
    scale = torch.eye(2, device=device) * step[:, None, None]
    offset = (0.5 - corner) * step[:, None] - 0.5
    maps = torch.cat([scale, offset[:, :, None]], dim=2)
    placed = warp_affine(
        sprites[chosen], maps, shape, (canvas, canvas), clamp_to_edge
    )  # sprites have transparent borders
    opacity = uniform((count, 1, 1, 1), 0.6, 1.0, generator)
    cover, colour = placed[:, 3:] / 255 * opacity, placed[:, :3] * opacity
    return to_levels(pairs * (1 - cover[:, None]) + colour[:, None])


def _overlay_probabilities(bars: Tensor) -> Tensor:
    """Return (K,) probabilities: half for text, half for stickers, uniform within each kind."""
    count = bars.sum()
    return 0.5 * torch.where(bars, 1 / count, 1 / (len(bars) - count))


@cache
def _atlas(device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """Return sprites (K, 4, H, W) with premultiplied alpha, their sizes (K, 2), and which are text (K,)."""
    sprites = [
        torch.from_numpy(premultiply(sprite)).permute(2, 0, 1) for sprite in (*stickers(), *text_bars())
    ]
    canvas = torch.zeros(len(sprites), 4, *(max(s.shape[axis] for s in sprites) for axis in (1, 2)))
    for slot, sprite in zip(canvas, sprites, strict=True):
        slot[:, : sprite.shape[1], : sprite.shape[2]] = sprite
    sizes = torch.tensor([sprite.shape[1:] for sprite in sprites])
    bars = torch.arange(len(sprites)) >= len(stickers())
    return canvas.to(device), sizes.to(device), bars.to(device)


def _qualities(count: int, strength: float, generator: torch.Generator) -> Tensor:
    return uniform(count, worst_quality(strength), 100, generator).floor()


def _compress(pairs: Tensor, codec: Callable[[Tensor, Tensor], Tensor], settings: Tensor) -> Tensor:
    """Return pairs compressed by a codec; both pictures of a pair get the same setting (N,)."""
    return codec(pairs.flatten(0, 1), settings.repeat_interleave(pairs.shape[1])).view_as(pairs)


def as_jpeg(pairs: Tensor, _edges: Tensor, strength: float, generator: torch.Generator) -> Tensor:
    return _compress(pairs, jpeg, _qualities(len(pairs), strength, generator))


def as_webp(pairs: Tensor, _edges: Tensor, strength: float, generator: torch.Generator) -> Tensor:
    return _compress(pairs, webp, _qualities(len(pairs), strength, generator))


def as_h264(pairs: Tensor, _edges: Tensor, strength: float, generator: torch.Generator) -> Tensor:
    crfs = uniform(len(pairs), MILDEST_CRF, worst_crf(strength) + 1, generator).floor()
    return _compress(pairs, h264, crfs)


def augment(pairs: Tensor, edges: Tensor, strength: float, generator: torch.Generator) -> Tensor:
    """Return pairs (N, 2, 3, canvas, canvas) augmented; ``strength`` is 0 (mild) to 1 (careless platforms).

    ``edges`` (N,) are the edges of the square pictures; the canvas is a multiple of 16.
    """

    def apply(pairs: Tensor, step: Step, share: Share) -> Tensor:
        def change(chosen: Tensor) -> Tensor:
            return step(chosen, edges[share.indices], strength, generator)

        return update_share(pairs, share, change)

    steps = (
        (light, LIGHT_CHANCE),
        (shrink, SHRINK_CHANCE),
        (blur, BLUR_CHANCE),
        (sharpen, SHARPEN_CHANCE),
        (noise, NOISE_CHANCE),
        (add_overlay, OVERLAY_CHANCE * strength),
    )
    for step, chance in steps:
        (share,) = assign_shares(len(pairs), (chance,), generator)
        pairs = apply(pairs, step, share)
    chances = (JPEG_CHANCE, WEBP_CHANCE, H264_CHANCE)
    shares = assign_shares(len(pairs), chances, generator)
    for codec, share in zip((as_jpeg, as_webp, as_h264), shares, strict=True):
        pairs = apply(pairs, codec, share)
    return apply(pairs, as_jpeg, assign_shares(len(pairs), (RECOMPRESSED_CHANCE * strength,), generator)[0])
