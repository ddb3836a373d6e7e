"""Forge a batch: faces blended with changed copies of themselves, or with other people's faces.

The recipe of ``forgeries.blends``, with one difference: where a self-blend changes the ground instead of
the copy above it, the real picture of the pair is the changed ground. So a pair is the same outside its
mask, and a changed tone or sharpness of the whole picture is no sign of a forgery.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from training.batched.bending import bend
from training.batched.chance import Share, coin, deal, uniform, update
from training.batched.constants import constant
from training.batched.healing import heal
from training.batched.masks import draw_masks, draw_regions
from training.batched.redrawing import redraw
from training.batched.seamless import clone
from training.batched.tones import change_tone, degrade, match_colour, to_levels
from training.batched.warps import about, affine_between, turn, warp
from training.forgeries.blends import OPACITIES, POISSON_SHARE
from training.forgeries.healing import RETOUCHED_SHARE
from training.forgeries.masks import TEMPLATE
from training.pairs import BENT_SHARE, GENERATED_SHARE, HEALED_SHARE, REDRAWN_SHARE, SWAP_SHARE

MATCHED_SHARE = 0.8  # of the swaps; the rest is left as crude as hasty fakes are
TEMPLATE_EDGE = 112
Made = tuple[Tensor, Tensor]  # forgeries (N, 3, H, W), and masks (N, 1, H, W) of where they are
IN_PLACE = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0))


@dataclass(frozen=True, slots=True)
class Faces:
    """A batch of pictures (N, 3, H, W) float32 in [0, 255], their sizes (N, 2) and landmarks (N, 5, 2)."""

    pictures: Tensor
    sizes: Tensor
    landmarks: Tensor


def face_scales(landmarks: Tensor) -> Tensor:
    """Return (N,): the faces' size by the 112x112 template."""
    template = constant(TEMPLATE.tolist(), landmarks.device)[None]
    spread, unit = (
        torch.linalg.vector_norm(points - points.mean(1, keepdim=True), dim=2).mean(1)
        for points in (landmarks, template)
    )
    return torch.div(spread, unit)


def draw_nudges(landmarks: Tensor, generator: torch.Generator) -> Tensor:
    """Return maps (N, 2, 3) about the faces: 3 % across, 1.5 % down, scale 0.95-1.05, 2 degrees at most."""
    count = len(landmarks)
    angle = torch.deg2rad(uniform(count, -2, 2, generator))
    scale = uniform(count, 0.95, 1.05, generator)
    across, down = uniform(count, -0.03, 0.03, generator), uniform(count, -0.015, 0.015, generator)
    shift = torch.stack([across, down], dim=1) * TEMPLATE_EDGE * face_scales(landmarks)[:, None]
    return about(landmarks.mean(1), turn(angle, scale, scale, torch.zeros_like(scale)), shift)


def overlay(below: Tensor, above: Tensor, masks: Tensor) -> Tensor:
    """Return ``above`` laid over ``below`` where the masks are 1."""
    return to_levels(below + masks * (above - below))


def _place(
    targets: Faces, sources: Faces, swapped: Tensor, redrawn: Tensor, generator: torch.Generator
) -> Tensor:
    """Return what is pasted, lying where it belongs: the sources' faces, or the targets moved a little.

    Those that are to be ``redrawn`` stay in place.
    """
    each = swapped.view(-1, 1, 1)
    swap_maps = affine_between(targets.landmarks, sources.landmarks)
    maps = torch.where(each, swap_maps, draw_nudges(targets.landmarks, generator))
    maps = torch.where(redrawn.view(-1, 1, 1), constant(IN_PLACE, maps.device), maps)
    givers = torch.where(each[..., None], sources.pictures, targets.pictures)
    sizes = torch.where(swapped[:, None], sources.sizes, targets.sizes)
    return warp(givers, maps, sizes, (givers.shape[2], givers.shape[3]))


def _match(placed: Tensor, ground: Tensor, masks: Tensor, swap: Share, generator: torch.Generator) -> Tensor:
    """Return what is pasted, most of the swaps among it brought to the ground's colours."""
    share = deal(len(swap.indices), (MATCHED_SHARE,), generator)[0].of(swap)
    strengths = uniform(len(share.indices), 0.6, 1.0, generator)
    ground, masks = ground[share.indices], masks[share.indices]
    return update(placed, share, lambda chosen: match_colour(chosen, ground, masks, strengths))


def _opacities(count: int, generator: torch.Generator) -> Tensor:
    drawn = uniform(count, 0, len(OPACITIES), generator).long().clamp(max=len(OPACITIES) - 1)
    return constant(OPACITIES, generator.device)[drawn]


def forge(
    targets: Faces, sources: Faces, tight: Tensor, generator: torch.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """Return (reals, forgeries, masks): (N, 3, H, W) twice and (N, 1, H, W) in [0, 1].

    Drawn shares of the targets get the face of their source, or their own redrawn by a generator, bent or
    painted out in spots, the others a changed copy of their own; ``tight`` (N,) bool says which pictures
    cut the jaw off. Some 20 canvases of 3 channels are alive at the peak: 20 MB a pair on a canvas of 288
    pixels.
    """
    count, shape = len(targets.pictures), (targets.pictures.shape[2], targets.pictures.shape[3])
    shares = (SWAP_SHARE, REDRAWN_SHARE, BENT_SHARE, HEALED_SHARE)
    swap, redrawn, bent, healed, own = deal(count, (*shares, 1 - sum(shares)), generator)
    generated = deal(len(swap.indices), (GENERATED_SHARE,), generator)[0].of(swap)
    swapped, own_mask = swap.mask(count), own.mask(count)
    masks = draw_masks(targets.landmarks, draw_regions(tight, generator), shape, generator)
    placed = _place(targets, sources, swapped, redrawn.mask(count), generator)
    for share in (redrawn, generated):
        placed = redraw(placed, targets.landmarks, targets.sizes, share, generator)
    for share in (redrawn, swap):
        placed = _match(placed, targets.pictures, masks, share, generator)

    on_ground = (own_mask & coin(count, 0.5, generator)).view(-1, 1, 1, 1)
    changed = torch.where(on_ground, targets.pictures, placed)
    changed = update(changed, own, lambda chosen: change_tone(chosen, generator))
    kept = (redrawn.mask(count) | generated.mask(count)) & coin(count, 0.5, generator)  # soft as they are
    degraded = degrade(changed, face_scales(targets.landmarks), targets.sizes, generator)
    changed = torch.where(kept.view(-1, 1, 1, 1), changed, degraded)
    above, below = torch.where(on_ground, placed, changed), torch.where(on_ground, changed, targets.pictures)

    masks = masks * torch.where(own_mask, _opacities(count, generator), 1.0).view(-1, 1, 1, 1)
    forged = overlay(below, above, masks)
    retouched = deal(len(healed.indices), (RETOUCHED_SHARE,), generator)[0].of(healed)
    made = _untouched(targets, (forged, masks), healed)
    for share in (bent, retouched):
        made = _bent(targets, masks, made, share, generator)
    forged, masks = _healed(targets, masks, made, healed, generator)
    for share in (redrawn, swap):
        seamless = deal(len(share.indices), (POISSON_SHARE,), generator)[0].of(share)
        parts = [stack[seamless.indices] for stack in (below, above, masks)]
        forged = update(forged, seamless, partial(_cloned, parts))
    return below, forged, masks


def _untouched(targets: Faces, made: Made, share: Share) -> Made:
    """Return what was made, a share of it as if nothing had been."""
    forged, masks = made
    pictures = targets.pictures[share.indices]
    return update(forged, share, lambda _: pictures), update(masks, share, torch.zeros_like)


def _bent(targets: Faces, regions: Tensor, made: Made, share: Share, generator: torch.Generator) -> Made:
    """Return what was made, a share of it the targets bent under ``regions`` (N, 1, H, W)."""
    chosen, (forged, masks) = share.indices, made
    if not len(chosen):
        return made
    scales, sizes = face_scales(targets.landmarks[chosen]), targets.sizes[chosen]
    flowed, reached = bend(targets.pictures[chosen], scales, sizes, regions[chosen], generator)
    return update(forged, share, lambda _: flowed), update(masks, share, lambda _: reached)


def _healed(targets: Faces, regions: Tensor, made: Made, share: Share, generator: torch.Generator) -> Made:
    """Return what was made, spots of a share of it painted out under ``regions`` (N, 1, H, W)."""
    chosen, (forged, masks) = share.indices, made
    if not len(chosen):
        return made
    scales = face_scales(targets.landmarks[chosen])
    painted, spots = heal(forged[chosen], scales, regions[chosen], generator)
    return (
        update(forged, share, lambda _: painted),
        update(masks, share, lambda bent: torch.maximum(bent, spots)),
    )


def _cloned(parts: Sequence[Tensor], _chosen: Tensor) -> Tensor:
    below, above, masks = parts
    return clone(below, above, masks)
