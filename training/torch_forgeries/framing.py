"""Crop a batch: a square around each face at a random resolution, the same for a picture and its forgery.

One affine map combines position, aspect, flip, rotation and shear, so that pixels are interpolated once.
"""

from dataclasses import dataclass, fields

import torch
from torch import Tensor

from training.augment import GEOMETRY_SHARE, LARGEST_SHEAR, LARGEST_SHIFT, LARGEST_TURN
from training.pairs import WINDOWS_TRIED
from training.torch_forgeries.affine import shear_scale_rotate
from training.torch_forgeries.random_choices import bernoulli, normal, uniform
from training.torch_forgeries.resampling import apply_separable, resize_operators

MAX_RESOLUTION = 256  # pixels; edge of the canvas after framing, a multiple of every codec's block size
MIN_RESOLUTION = 128


@dataclass(frozen=True, slots=True)
class Framings:
    """The random parameters that frame N pairs."""

    edges: Tensor  # (N,) int64, the crops' resolution in pixels
    margin: Tensor  # (N,) side of the square relative to the face box's longer edge
    inset: Tensor  # (N,) side of a tight picture's square relative to the picture's shorter edge
    offset: Tensor  # (N, 2) of the square's centre, relative to the box's longer edge
    linear: Tensor  # (N, 2, 2) rotation and shear; mostly the identity
    shift: Tensor  # (N, 2) relative to the square's side
    narrowing: Tensor  # (N,) width factor of tight pictures, since aligned sets widen faces
    flip: Tensor  # (N,) 1 or -1

    def per_picture(self) -> "Framings":
        """Return the parameters repeated for (real, forgery, real, forgery, ...)."""
        return Framings(*(getattr(self, field.name).repeat_interleave(2, dim=0) for field in fields(self)))


def draw_framings(count: int, generator: torch.Generator) -> Framings:
    """Return random framings of ``count`` pairs."""
    warped = bernoulli(count, GEOMETRY_SHARE, generator)
    angle = torch.deg2rad(uniform(count, -LARGEST_TURN, LARGEST_TURN, generator)) * warped
    shear = uniform(count, -LARGEST_SHEAR, LARGEST_SHEAR, generator) * warped
    ones = torch.ones_like(angle)
    return Framings(
        edges=uniform(count, MIN_RESOLUTION, MAX_RESOLUTION + 1, generator).long().clamp(max=MAX_RESOLUTION),
        margin=uniform(count, 1.0, 1.5, generator),
        inset=uniform(count, 0.85, 1.0, generator),
        offset=normal((count, 2), 0.03, generator),
        linear=shear_scale_rotate(angle, ones, ones, shear),
        shift=uniform((count, 2), -LARGEST_SHIFT, LARGEST_SHIFT, generator) * warped[:, None],
        narrowing=uniform(count, 0.86, 1.02, generator),
        flip=torch.where(bernoulli(count, 0.5, generator), -ones, ones),
    )


def squares(framings: Framings, sizes: Tensor, boxes: Tensor, tight: Tensor) -> tuple[Tensor, Tensor]:
    """Return (middles (N, 2), sides (N,)) in pixels; squares stay inside ``tight`` pictures."""
    longest = (boxes[:, 2:] - boxes[:, :2]).amax(1)
    edges = sizes.flip(1).float()
    sides = torch.where(tight, edges.amin(1) * framings.inset, longest * framings.margin)
    middles = torch.where(tight[:, None], edges / 2, (boxes[:, :2] + boxes[:, 2:]) / 2)
    middles = middles + framings.offset * longest[:, None]
    half = sides[:, None] / 2
    inside = torch.minimum(torch.maximum(middles, half), torch.maximum(edges - half, half))
    return torch.where(tight[:, None], inside, middles), sides


def framing_maps(framings: Framings, sizes: Tensor, boxes: Tensor, tight: Tensor) -> Tensor:
    """Return maps (N, 2, 3) from crops of ``framings.edges`` pixels to pictures with faces at ``boxes``.

    Boxes and sizes are narrowed like the picture. Crops mirror the picture at its edges.
    """
    narrowing = torch.where(tight, framings.narrowing, 1.0)
    width_factors = torch.stack([narrowing, torch.ones_like(narrowing)], dim=1)
    middles, sides = squares(
        framings, sizes * width_factors.flip(1), boxes * width_factors.repeat(1, 2), tight
    )
    step = sides / framings.edges
    middle_of_crop = (framings.edges[:, None] - 1) / 2 - framings.shift * framings.edges[:, None]
    flipped = framings.linear * torch.stack([framings.flip, torch.ones_like(step)], dim=1)[:, None]
    linear = step[:, None, None] * flipped / width_factors[:, :, None]
    offset = (middles / width_factors - 0.5)[:, :, None] - linear @ middle_of_crop[:, :, None]
    return torch.cat([linear, offset], dim=2)


def resize_crops(pictures: Tensor, edges: Tensor, size: int) -> Tensor:
    """Return crops (N, ..., canvas, canvas) with different ``edges`` (N,) resized to (N, ..., size, size)."""
    operator = resize_operators(edges, size, pictures.shape[-1])
    return apply_separable(pictures, operator, operator)


def draw_windows(masks: Tensor, window: int, generator: torch.Generator) -> Tensor:
    """Return (N, 2) int64 corners y, x of square windows that show at least half of each mask (N, 1, S, S).

    As in ``pairs.draw_window``: the first such candidate, or the best one.
    """
    count, size = len(masks), masks.shape[-1]
    spread = uniform((count, WINDOWS_TRIED, 2), 0, size - window + 1, generator)
    corners = spread.long().clamp(max=size - window)
    integral = torch.nn.functional.pad(masks[:, 0].cumsum(1).cumsum(2), (1, 0, 1, 0)).flatten(1)

    def integral_at(y: Tensor, x: Tensor) -> Tensor:
        return integral.gather(1, y * (size + 1) + x)

    (top, left), (bottom, right) = corners.unbind(2), (corners + window).unbind(2)
    shown = integral_at(bottom, right) - integral_at(top, right)
    shown = shown - integral_at(bottom, left) + integral_at(top, left)
    order = torch.arange(WINDOWS_TRIED, 0, -1, device=masks.device)
    enough = shown >= integral[:, -1:] / 2
    best = torch.where(enough, shown.amax() + order, shown).argmax(1)
    return corners[torch.arange(count, device=masks.device), best]


def cut_windows(pictures: Tensor, corners: Tensor, window: int) -> Tensor:
    """Return (N, ..., window, window) cut out of (N, ..., S, S) at ``corners`` (N, 2)."""
    along = torch.arange(window, device=pictures.device)
    flat = pictures.flatten(1, -3)
    rows = (corners[:, :1] + along)[:, None, :, None].expand(-1, flat.shape[1], -1, flat.shape[3])
    columns = (corners[:, 1:] + along)[:, None, None, :].expand(-1, flat.shape[1], window, -1)
    cut = flat.gather(2, rows).gather(3, columns)
    return cut.view(*pictures.shape[:-2], window, window)
