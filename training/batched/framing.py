"""How a batch is cut: a square about each face at a drawn resolution, the same for a picture and its forgery.

One affine map does all of it at once (place, aspect, flip, rotation, shear), so that pixels are
interpolated once.
"""

from dataclasses import dataclass, fields

import torch
from torch import Tensor

from training.augment import GEOMETRY_SHARE, LARGEST_SHEAR, LARGEST_SHIFT, LARGEST_TURN
from training.batched.chance import coin, normal, uniform
from training.batched.resampling import resizing, separable
from training.batched.warps import turn
from training.pairs import WINDOWS_TRIED

LARGEST = 256  # pixels; edge of the canvas after framing, whole blocks of every codec
SMALLEST = 128


@dataclass(frozen=True, slots=True)
class Choices:
    """What is drawn for the framing of N pairs, apart from where the faces are; all (N,) or (N, 2)."""

    edges: Tensor  # int64, the crops' resolution in pixels
    margin: Tensor  # side of the square by the face box's longer edge
    inset: Tensor  # side of a tight picture's square by the picture's shorter edge
    offset: Tensor  # (N, 2), of the square's middle by the box's longer edge
    linear: Tensor  # (N, 2, 2): rotation and shear, for most none
    shift: Tensor  # (N, 2), by the square's side
    narrowing: Tensor  # width of tight pictures, which aligned sets make too wide
    flip: Tensor  # 1 or -1

    def twice(self) -> "Choices":
        """Return the choices for (real, forgery, real, forgery, …)."""
        return Choices(*(getattr(self, field.name).repeat_interleave(2, dim=0) for field in fields(self)))


def draw_choices(count: int, generator: torch.Generator) -> Choices:
    turned = coin(count, GEOMETRY_SHARE, generator)
    angle = torch.deg2rad(uniform(count, -LARGEST_TURN, LARGEST_TURN, generator)) * turned
    shear = uniform(count, -LARGEST_SHEAR, LARGEST_SHEAR, generator) * turned
    one = torch.ones_like(angle)
    return Choices(
        edges=uniform(count, SMALLEST, LARGEST + 1, generator).long().clamp(max=LARGEST),
        margin=uniform(count, 1.0, 1.5, generator),
        inset=uniform(count, 0.85, 1.0, generator),
        offset=normal((count, 2), 0.03, generator),
        linear=turn(angle, one, one, shear),
        shift=uniform((count, 2), -LARGEST_SHIFT, LARGEST_SHIFT, generator) * turned[:, None],
        narrowing=uniform(count, 0.86, 1.02, generator),
        flip=torch.where(coin(count, 0.5, generator), -one, one),
    )


def squares(choices: Choices, sizes: Tensor, boxes: Tensor, tight: Tensor) -> tuple[Tensor, Tensor]:
    """Return (middles (N, 2), sides (N,)) in pixels; squares of ``tight`` pictures stay inside them."""
    longest = (boxes[:, 2:] - boxes[:, :2]).amax(1)
    edges = sizes.flip(1).float()
    sides = torch.where(tight, edges.amin(1) * choices.inset, longest * choices.margin)
    middles = torch.where(tight[:, None], edges / 2, (boxes[:, :2] + boxes[:, 2:]) / 2)
    middles = middles + choices.offset * longest[:, None]
    half = sides[:, None] / 2
    held = torch.minimum(torch.maximum(middles, half), torch.maximum(edges - half, half))
    return torch.where(tight[:, None], held, middles), sides


def framing(choices: Choices, sizes: Tensor, boxes: Tensor, tight: Tensor) -> Tensor:
    """Return maps (N, 2, 3) from crops of ``choices.edges`` pixels to pictures with faces at ``boxes``.

    Boxes and sizes are narrowed as the picture is; what a crop shows beyond its picture is mirrored there.
    """
    narrowing = torch.where(tight, choices.narrowing, 1.0)
    wide = torch.stack([narrowing, torch.ones_like(narrowing)], dim=1)
    middles, sides = squares(choices, sizes * wide.flip(1), boxes * wide.repeat(1, 2), tight)
    step = sides / choices.edges
    middle_of_crop = (choices.edges[:, None] - 1) / 2 - choices.shift * choices.edges[:, None]
    flipped = choices.linear * torch.stack([choices.flip, torch.ones_like(step)], dim=1)[:, None]
    linear = step[:, None, None] * flipped / wide[:, :, None]
    offset = (middles / wide - 0.5)[:, :, None] - linear @ middle_of_crop[:, :, None]
    return torch.cat([linear, offset], dim=2)


def finish(pictures: Tensor, edges: Tensor, size: int) -> Tensor:
    """Return (N, …, size, size) of crops (N, …, canvas, canvas) whose ``edges`` (N,) differ."""
    operator = resizing(edges, size, pictures.shape[-1])
    return separable(pictures, operator, operator)


def draw_windows(masks: Tensor, window: int, generator: torch.Generator) -> Tensor:
    """Return (N, 2) int64 corners y, x of squares that show at least half of their mask (N, 1, S, S).

    As in ``pairs.draw_window``: the first such of those tried, or the best.
    """
    count, size = len(masks), masks.shape[-1]
    spread = uniform((count, WINDOWS_TRIED, 2), 0, size - window + 1, generator)
    corners = spread.long().clamp(max=size - window)
    table = torch.nn.functional.pad(masks[:, 0].cumsum(1).cumsum(2), (1, 0, 1, 0)).flatten(1)

    def at(y: Tensor, x: Tensor) -> Tensor:
        return table.gather(1, y * (size + 1) + x)

    (top, left), (bottom, right) = corners.unbind(2), (corners + window).unbind(2)
    shown = at(bottom, right) - at(top, right) - at(bottom, left) + at(top, left)
    order = torch.arange(WINDOWS_TRIED, 0, -1, device=masks.device)
    enough = shown >= table[:, -1:] / 2
    best = torch.where(enough, shown.amax() + order, shown).argmax(1)
    return corners[torch.arange(count, device=masks.device), best]


def cut_windows(pictures: Tensor, corners: Tensor, window: int) -> Tensor:
    """Return (N, …, window, window) cut out of (N, …, S, S) at ``corners`` (N, 2)."""
    along = torch.arange(window, device=pictures.device)
    flat = pictures.flatten(1, -3)
    rows = (corners[:, :1] + along)[:, None, :, None].expand(-1, flat.shape[1], -1, flat.shape[3])
    columns = (corners[:, 1:] + along)[:, None, None, :].expand(-1, flat.shape[1], window, -1)
    cut = flat.gather(2, rows).gather(3, columns)
    return cut.view(*pictures.shape[:-2], window, window)
