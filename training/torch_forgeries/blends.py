"""Forge a batch of faces, by the methods and shares of ``forgeries`` and ``pairs``.

In contrast to ``forgeries.self_blend``, the real picture of a pair is the changed ground where a self-blend
changes the ground. So the pictures of a pair are equal outside the mask, and a global change of tone or
sharpness does not indicate a forgery.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from training.forgeries.blends import OPACITIES, POISSON_SHARE
from training.forgeries.inpainting import WARPED_FIRST_SHARE
from training.forgeries.masks import TEMPLATE
from training.pairs import (
    INPAINTED_SHARE,
    RESYNTHESISED_SHARE,
    RESYNTHESISED_SWAP_SHARE,
    SWAP_SHARE,
    WARPED_SHARE,
)
from training.torch_forgeries.affine import affine_between, linear_about, shear_scale_rotate, warp_affine
from training.torch_forgeries.constants import constant
from training.torch_forgeries.inpainting import inpaint_spots
from training.torch_forgeries.masks import blend_masks, draw_regions
from training.torch_forgeries.poisson import poisson_blend
from training.torch_forgeries.random_choices import Share, assign_shares, bernoulli, uniform, update_share
from training.torch_forgeries.resynthesis import resynthesise
from training.torch_forgeries.tones import change_tone, degrade, match_colour, to_levels
from training.torch_forgeries.warping import warp_faces

MATCHED_SHARE = 0.8  # of the swaps; the rest keeps a visible mismatch, as crude fakes do
TEMPLATE_EDGE = 112
IDENTITY = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
Forgeries = tuple[Tensor, Tensor]  # pictures (N, 3, H, W) and masks (N, 1, H, W)


@dataclass(frozen=True, slots=True)
class Faces:
    """A batch of pictures (N, 3, H, W) float32 in [0, 255], their sizes (N, 2) and landmarks (N, 5, 2)."""

    pictures: Tensor
    sizes: Tensor
    landmarks: Tensor


def face_scales(landmarks: Tensor) -> Tensor:
    """Return (N,): the size of each face relative to the 112x112 template."""
    template = constant(TEMPLATE.tolist(), landmarks.device)[None]
    spread, unit = (
        torch.linalg.vector_norm(points - points.mean(1, keepdim=True), dim=2).mean(1)
        for points in (landmarks, template)
    )
    return torch.div(spread, unit)


def jitter_maps(landmarks: Tensor, generator: torch.Generator) -> Tensor:
    """Return small similarities (N, 2, 3): up to 3 % in x, 1.5 % in y, scale 0.95-1.05, 2 degrees."""
    count = len(landmarks)
    angle = torch.deg2rad(uniform(count, -2, 2, generator))
    scale = uniform(count, 0.95, 1.05, generator)
    across, down = uniform(count, -0.03, 0.03, generator), uniform(count, -0.015, 0.015, generator)
    shift = torch.stack([across, down], dim=1) * TEMPLATE_EDGE * face_scales(landmarks)[:, None]
    linear = shear_scale_rotate(angle, scale, scale, torch.zeros_like(scale))
    return linear_about(landmarks.mean(1), linear, shift)


def alpha_blend(below: Tensor, above: Tensor, masks: Tensor) -> Tensor:
    """Return ``above`` blended over ``below`` with the masks as opacity."""
    return to_levels(below + masks * (above - below))


def _place(
    targets: Faces, sources: Faces, swapped: Tensor, resynthesised: Tensor, generator: torch.Generator
) -> Tensor:
    """Return the faces to blend in, aligned with the targets: the sources' or the targets' own, jittered.

    ``swapped`` and ``resynthesised`` (N,) bool mark pictures; the resynthesised ones are not jittered.
    """
    is_swap = swapped.view(-1, 1, 1)
    swap_maps = affine_between(targets.landmarks, sources.landmarks)
    maps = torch.where(is_swap, swap_maps, jitter_maps(targets.landmarks, generator))
    maps = torch.where(resynthesised.view(-1, 1, 1), constant(IDENTITY, maps.device), maps)
    pictures = torch.where(is_swap[..., None], sources.pictures, targets.pictures)
    sizes = torch.where(swapped[:, None], sources.sizes, targets.sizes)
    return warp_affine(pictures, maps, sizes, (pictures.shape[2], pictures.shape[3]))


def _match_colours(
    placed: Tensor, ground: Tensor, masks: Tensor, candidates: Share, generator: torch.Generator
) -> Tensor:
    """Return the placed faces, most of the candidates matched to the ground's colours."""
    share = assign_shares(len(candidates.indices), (MATCHED_SHARE,), generator)[0].within(candidates)
    strengths = uniform(len(share.indices), 0.6, 1.0, generator)
    ground, masks = ground[share.indices], masks[share.indices]
    return update_share(placed, share, lambda chosen: match_colour(chosen, ground, masks, strengths))


def _draw_opacities(count: int, generator: torch.Generator) -> Tensor:
    numbers = uniform(count, 0, len(OPACITIES), generator).long().clamp(max=len(OPACITIES) - 1)
    return constant(OPACITIES, generator.device)[numbers]


def forge(
    targets: Faces, sources: Faces, tight: Tensor, generator: torch.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """Return (reals, forgeries, masks): (N, 3, H, W) twice and (N, 1, H, W) in [0, 1].

    Random shares of the targets get the face of their source, or their own face resynthesised, warped or with
    inpainted spots. The rest are self-blends. ``tight`` (N,) bool marks pictures that cut off the jaw. About
    20 canvases of 3 channels are alive at the peak: 20 MB per pair on a canvas of 288 pixels.
    """
    count, shape = len(targets.pictures), (targets.pictures.shape[2], targets.pictures.shape[3])
    shares = (SWAP_SHARE, RESYNTHESISED_SHARE, WARPED_SHARE, INPAINTED_SHARE)
    swap, resynthesised, warped, inpainted, own = assign_shares(count, (*shares, 1 - sum(shares)), generator)
    through_network = assign_shares(len(swap.indices), (RESYNTHESISED_SWAP_SHARE,), generator)[0].within(swap)
    swapped, own_mask = swap.mask(count), own.mask(count)
    masks = blend_masks(targets.landmarks, draw_regions(tight, generator), shape, generator)
    placed = _place(targets, sources, swapped, resynthesised.mask(count), generator)
    for share in (resynthesised, through_network):
        placed = resynthesise(placed, targets.landmarks, targets.sizes, share, generator)
    for share in (resynthesised, swap):
        placed = _match_colours(placed, targets.pictures, masks, share, generator)

    on_ground = (own_mask & bernoulli(count, 0.5, generator)).view(-1, 1, 1, 1)
    changed = torch.where(on_ground, targets.pictures, placed)
    changed = update_share(changed, own, lambda chosen: change_tone(chosen, generator))
    already_soft = resynthesised.mask(count) | through_network.mask(count)
    kept = already_soft & bernoulli(count, 0.5, generator)
    degraded = degrade(changed, face_scales(targets.landmarks), targets.sizes, generator)
    changed = torch.where(kept.view(-1, 1, 1, 1), changed, degraded)
    above, below = torch.where(on_ground, placed, changed), torch.where(on_ground, changed, targets.pictures)

    masks = masks * torch.where(own_mask, _draw_opacities(count, generator), 1.0).view(-1, 1, 1, 1)
    forged = alpha_blend(below, above, masks)
    warped_first = assign_shares(len(inpainted.indices), (WARPED_FIRST_SHARE,), generator)[0].within(
        inpainted
    )
    forgeries = _reset_share(targets, (forged, masks), inpainted)
    for share in (warped, warped_first):
        forgeries = _warp_share(targets, masks, forgeries, share, generator)
    forged, masks = _inpaint_share(targets, masks, forgeries, inpainted, generator)
    for share in (resynthesised, swap):
        seamless = assign_shares(len(share.indices), (POISSON_SHARE,), generator)[0].within(share)
        layers = [stack[seamless.indices] for stack in (below, above, masks)]
        forged = update_share(forged, seamless, partial(_poisson_blend_layers, layers))
    return below, forged, masks


def _reset_share(targets: Faces, forgeries: Forgeries, share: Share) -> Forgeries:
    """Return the forgeries with a share of them replaced by the unchanged targets and empty masks."""
    forged, masks = forgeries
    pictures = targets.pictures[share.indices]
    return update_share(forged, share, lambda _: pictures), update_share(masks, share, torch.zeros_like)


def _warp_share(
    targets: Faces, regions: Tensor, forgeries: Forgeries, share: Share, generator: torch.Generator
) -> Forgeries:
    """Return the forgeries with a share replaced by the targets warped under ``regions`` (N, 1, H, W)."""
    indices, (forged, masks) = share.indices, forgeries
    if not len(indices):
        return forgeries
    scales, sizes = face_scales(targets.landmarks[indices]), targets.sizes[indices]
    warped, changed = warp_faces(targets.pictures[indices], scales, sizes, regions[indices], generator)
    return update_share(forged, share, lambda _: warped), update_share(masks, share, lambda _: changed)


def _inpaint_share(
    targets: Faces, regions: Tensor, forgeries: Forgeries, share: Share, generator: torch.Generator
) -> Forgeries:
    """Return the forgeries with spots of a share inpainted under ``regions`` (N, 1, H, W)."""
    indices, (forged, masks) = share.indices, forgeries
    if not len(indices):
        return forgeries
    scales = face_scales(targets.landmarks[indices])
    inpainted, spots = inpaint_spots(forged[indices], scales, regions[indices], generator)
    return (
        update_share(forged, share, lambda _: inpainted),
        update_share(masks, share, lambda warped: torch.maximum(warped, spots)),
    )


def _poisson_blend_layers(layers: Sequence[Tensor], _chosen: Tensor) -> Tensor:
    below, above, masks = layers
    return poisson_blend(below, above, masks)
