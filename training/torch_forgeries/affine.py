"""Affine maps, and pictures warped by them, in batches.

Maps are (N, 2, 3) float32 and map pixel coordinates (x, y); the centre of the first pixel is (0, 0).
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional


def affine_between(source: Tensor, target: Tensor) -> Tensor:
    """Return the least-squares affine maps from ``source`` points (N, P, 2) to ``target``."""
    here, there = source.mean(1, keepdim=True), target.mean(1, keepdim=True)
    spread = (source - here).mT @ (source - here)
    linear = ((target - there).mT @ (source - here)) @ inverse_2x2(spread)
    return torch.cat([linear, there.mT - linear @ here.mT], dim=2)


def similarity_between(source: Tensor, target: Tensor) -> Tensor:
    """Return the least-squares similarities from ``source`` to ``target`` (Umeyama, PAMI 1991)."""
    here, there = source.mean(1, keepdim=True), target.mean(1, keepdim=True)
    (x, y), (u, v) = (source - here).unbind(2), (target - there).unbind(2)
    size = (x.square() + y.square()).sum(1)
    real, imaginary = (x * u + y * v).sum(1) / size, (x * v - y * u).sum(1) / size
    linear = torch.stack([real, -imaginary, imaginary, real], dim=1).view(-1, 2, 2)
    return torch.cat([linear, there.mT - linear @ here.mT], dim=2)


def inverse_2x2(matrices: Tensor) -> Tensor:
    """Return the inverses of (N, 2, 2) in closed form, since ``torch.linalg`` waits for the device."""
    a, b, c, d = matrices.flatten(1).unbind(1)
    adjugate = torch.stack([d, -b, -c, a], dim=1).view(-1, 2, 2)
    return adjugate / (a * d - b * c).view(-1, 1, 1)


def invert(maps: Tensor) -> Tensor:
    """Return the inverse maps."""
    linear = inverse_2x2(maps[:, :, :2])
    return torch.cat([linear, -linear @ maps[:, :, 2:]], dim=2)


def linear_about(centres: Tensor, linear: Tensor, shift: Tensor) -> Tensor:
    """Return the maps that apply ``linear`` (N, 2, 2) about ``centres`` (N, 2), then shift by ``shift``."""
    offset = centres + shift - (linear @ centres[:, :, None])[:, :, 0]
    return torch.cat([linear, offset[:, :, None]], dim=2)


def shear_scale_rotate(angle: Tensor, scale_x: Tensor, scale_y: Tensor, shear: Tensor) -> Tensor:
    """Return (N, 2, 2): shear along x, then scale, then rotate by ``angle`` radians."""
    cos, sin = angle.cos(), angle.sin()
    columns = [scale_x * cos, shear * scale_x * cos - scale_y * sin]
    columns += [scale_x * sin, shear * scale_x * sin + scale_y * cos]
    return torch.stack(columns, dim=1).view(-1, 2, 2)


def transform_points(maps: Tensor, points: Tensor) -> Tensor:
    """Return points (N, P, 2) mapped by ``maps``."""
    return points @ maps[:, :, :2].mT + maps[:, None, :, 2]


def pixel_centres(height: int, width: int, device: torch.device, stride: int = 1) -> Tensor:
    """Return the centres (x, y) of blocks of ``stride`` pixels, (height * width, 2) float32."""
    middle = (stride - 1) / 2
    ys = torch.arange(height, device=device, dtype=torch.float32) * stride + middle
    xs = torch.arange(width, device=device, dtype=torch.float32) * stride + middle
    return torch.stack(torch.meshgrid(xs, ys, indexing="xy"), dim=2).view(-1, 2)


def reflect_at_edge(places: Tensor, lengths: Tensor) -> Tensor:
    """Return coordinates reflected into [0, length - 1]; the edge pixel appears twice, as in OpenCV."""
    period = 2 * lengths
    folded = torch.remainder(places + 0.5, period)
    return torch.minimum(torch.minimum(folded, period - folded) - 0.5, lengths - 1).clamp(min=0)


def clamp_to_edge(places: Tensor, lengths: Tensor) -> Tensor:
    """Return coordinates clamped to [0, length - 1], which repeats the edge pixels."""
    return torch.minimum(places.clamp(min=0), lengths - 1)


def box_offset(ratio: Tensor) -> Tensor:
    """Return the offset of two linear samples from the centre that together approximate a box filter.

    ``ratio`` is the width r of the box in pixels. Its variance is r²/12, that of linear interpolation 1/6.
    """
    return (ratio.square() / 12 - 1 / 6).clamp(min=0).sqrt()


def warp_affine(
    pictures: Tensor,
    maps: Tensor,
    sizes: Tensor,
    shape: tuple[int, int],
    edge: Callable[[Tensor, Tensor], Tensor] = reflect_at_edge,
) -> Tensor:
    """Return (N, C, *shape): each output pixel shows the picture at the position given by ``maps``.

    Interpolation is linear. Where a map downscales, four samples are averaged, which prevents aliasing like
    area interpolation up to a factor of about 3. ``edge`` maps coordinates outside a picture into it.
    """
    height, width = pictures.shape[2:]
    places = transform_points(maps, pixel_centres(*shape, pictures.device))
    steps = maps[:, :, :2] / torch.linalg.vector_norm(maps[:, :, :2], dim=1, keepdim=True)
    steps = steps * box_offset(torch.linalg.vector_norm(maps[:, :, :2], dim=1, keepdim=True))
    lengths = sizes.flip(1).to(places.dtype)[:, None]
    total = torch.zeros(len(pictures), pictures.shape[1], *shape, device=pictures.device)
    for right, down in ((-1, -1), (-1, 1), (1, -1), (1, 1)):
        moved = edge(places + (right * steps[:, None, :, 0] + down * steps[:, None, :, 1]), lengths)
        grid = torch.stack([(moved[..., 0] + 0.5) * (2 / width), (moved[..., 1] + 0.5) * (2 / height)], 2) - 1
        total += functional.grid_sample(
            pictures, grid.view(-1, *shape, 2), padding_mode="border", align_corners=False
        )
    return total / 4
