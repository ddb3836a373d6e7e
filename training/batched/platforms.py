"""What happens to a batch on its way to a platform: the steps of ``augment``, the same within a pair.

Pairs are (N, 2, 3, canvas, canvas); what is drawn is drawn once a pair. A step that befalls a share of
the batch costs only that share.
"""

from collections.abc import Callable
from functools import cache

import torch
from torch import Tensor

from training import augment
from training.batched.chance import Share, choose, deal, normal, uniform, update
from training.batched.coding import h264, jpeg, webp
from training.batched.resampling import LINEAR, blurring, down_and_up, separable
from training.batched.tones import to_levels
from training.batched.warps import hold, warp
from training.overlays import stickers, text_bars, weighted

Step = Callable[[Tensor, Tensor, float, torch.Generator], Tensor]


def _each(values: Tensor) -> Tensor:
    """Return (N,) values so that they meet (N, 2, 3, H, W)."""
    return values.view(-1, 1, 1, 1, 1)


def light(pairs: Tensor, _edges: Tensor, _strength: float, generator: torch.Generator) -> Tensor:
    """Return the pairs in another light: gain of each channel, brightness and gamma, all small."""
    count = len(pairs)
    gains = uniform((count, 1, 1, 1, 1), 0.85, 1.15, generator)
    gains = gains * uniform((count, 1, 3, 1, 1), 0.95, 1.05, generator)
    gamma = _each(uniform(count, 0.8, 1.25, generator))
    offset = _each(uniform(count, -10, 10, generator))
    return to_levels((pairs / 255) ** gamma * gains * 255 + offset)


def shrink(pairs: Tensor, edges: Tensor, strength: float, generator: torch.Generator) -> Tensor:
    """Return the pairs made smaller and enlarged again, as a small upload is."""
    factors = uniform(len(pairs), 1.0, 1.2 + 1.3 * strength, generator)
    ways = torch.full_like(edges, LINEAR)
    operator = down_and_up(factors, edges, ways, pairs.shape[-1])
    return to_levels(separable(pairs, operator, operator))


def blur(pairs: Tensor, edges: Tensor, strength: float, generator: torch.Generator) -> Tensor:
    """Return the pairs out of focus."""
    operator = blurring(uniform(len(pairs), 0.3, 0.5 + 0.7 * strength, generator), edges, pairs.shape[-1])
    return to_levels(separable(pairs, operator, operator))


def sharpen(pairs: Tensor, edges: Tensor, _strength: float, generator: torch.Generator) -> Tensor:
    """Return the pairs sharpened as cameras do, by an unsharp mask."""
    operator = blurring(torch.ones_like(edges, dtype=torch.float32), edges, pairs.shape[-1])
    amount = _each(uniform(len(pairs), 0.2, 1.0, generator))
    return to_levels(pairs + amount * (pairs - separable(pairs, operator, operator)))


def noise(pairs: Tensor, _edges: Tensor, strength: float, generator: torch.Generator) -> Tensor:
    """Return the pairs with Gaussian noise, the same in both."""
    sigma = _each(uniform(len(pairs), 1, 3 + 7 * strength, generator))
    return to_levels(pairs + sigma * normal((len(pairs), 1, *pairs.shape[2:]), 1.0, generator))


def lay_over(pairs: Tensor, edges: Tensor, _strength: float, generator: torch.Generator) -> Tensor:
    """Return the pairs with one sticker, or one bar of text, at a drawn place and size."""
    count, device, canvas = len(pairs), pairs.device, pairs.shape[-1]
    sprites, shapes, bars = _atlas(device)
    chosen = choose(_even_shares(bars).expand(count, -1), generator)
    is_bar, shape = bars[chosen], shapes[chosen]
    share = torch.where(is_bar, uniform(count, 0.4, 1.0, generator), uniform(count, 0.12, 0.35, generator))
    free = torch.stack([1 - share, 1 - share * shape[:, 0] / shape[:, 1]], dim=1)
    corner = uniform((count, 2), 0, 1, generator) * free * edges[:, None]
    step = shape[:, 1] / (share * edges)  # pixels of the sprite to one of the picture
    scale = torch.eye(2, device=device) * step[:, None, None]
    offset = (0.5 - corner) * step[:, None] - 0.5
    maps = torch.cat([scale, offset[:, :, None]], dim=2)
    placed = warp(sprites[chosen], maps, shape, (canvas, canvas), hold)  # its rim is clear
    opacity = uniform((count, 1, 1, 1), 0.6, 1.0, generator)
    cover, colour = placed[:, 3:] / 255 * opacity, placed[:, :3] * opacity
    return to_levels(pairs * (1 - cover[:, None]) + colour[:, None])


def _even_shares(bars: Tensor) -> Tensor:
    """Return (K,): half of the overlays are text, half stickers, each kind evenly."""
    count = bars.sum()
    return 0.5 * torch.where(bars, 1 / count, 1 / (len(bars) - count))


@cache
def _atlas(device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """Return sprites (K, 4, H, W) with weighted colours, their sizes (K, 2), and which are text (K,)."""
    sprites = [torch.from_numpy(weighted(sprite)).permute(2, 0, 1) for sprite in (*stickers(), *text_bars())]
    canvas = torch.zeros(len(sprites), 4, *(max(s.shape[axis] for s in sprites) for axis in (1, 2)))
    for place, sprite in zip(canvas, sprites, strict=True):
        place[:, : sprite.shape[1], : sprite.shape[2]] = sprite
    sizes = torch.tensor([sprite.shape[1:] for sprite in sprites])
    bars = torch.arange(len(sprites)) >= len(stickers())
    return canvas.to(device), sizes.to(device), bars.to(device)


def _qualities(count: int, strength: float, generator: torch.Generator) -> Tensor:
    return uniform(count, augment.worst_quality(strength), 100, generator).floor()


def _coded(pairs: Tensor, codec: Callable[[Tensor, Tensor], Tensor], settings: Tensor) -> Tensor:
    """Return pairs after a codec; both pictures of a pair with its setting (N,)."""
    return codec(pairs.flatten(0, 1), settings.repeat_interleave(pairs.shape[1])).view_as(pairs)


def as_jpeg(pairs: Tensor, _edges: Tensor, strength: float, generator: torch.Generator) -> Tensor:
    return _coded(pairs, jpeg, _qualities(len(pairs), strength, generator))


def as_webp(pairs: Tensor, _edges: Tensor, strength: float, generator: torch.Generator) -> Tensor:
    return _coded(pairs, webp, _qualities(len(pairs), strength, generator))


def as_h264(pairs: Tensor, _edges: Tensor, strength: float, generator: torch.Generator) -> Tensor:
    crfs = uniform(len(pairs), augment.MILDEST_CRF, augment.worst_crf(strength) + 1, generator).floor()
    return _coded(pairs, h264, crfs)


def post(pairs: Tensor, edges: Tensor, strength: float, generator: torch.Generator) -> Tensor:
    """Return pairs (N, 2, 3, canvas, canvas) as platforms pass them on; their pictures end at ``edges`` (N,).

    ``strength`` 0 is mild and 1 what careless platforms do. The canvas is a multiple of 16.
    """

    def befall(pairs: Tensor, step: Step, share: Share) -> Tensor:
        return update(pairs, share, lambda chosen: step(chosen, edges[share.indices], strength, generator))

    steps = (
        (light, augment.LIGHT_CHANCE),
        (shrink, augment.SHRINK_CHANCE),
        (blur, augment.BLUR_CHANCE),
        (sharpen, augment.SHARPEN_CHANCE),
        (noise, augment.NOISE_CHANCE),
        (lay_over, augment.OVERLAY_CHANCE * strength),
    )
    for step, chance in steps:
        pairs = befall(pairs, step, deal(len(pairs), (chance,), generator)[0])
    chances = (augment.JPEG_CHANCE, augment.WEBP_CHANCE, augment.H264_CHANCE)
    for codec, share in zip((as_jpeg, as_webp, as_h264), deal(len(pairs), chances, generator), strict=True):
        pairs = befall(pairs, codec, share)
    return befall(pairs, as_jpeg, deal(len(pairs), (augment.RECODED_CHANCE * strength,), generator)[0])
