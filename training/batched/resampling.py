"""Blurring and resizing as matrices: one for the rows and one for the columns of each picture.

An operator is (N, M, L) float32 and makes M rows out of L, of which only the first ``lengths`` (N,) are
picture; the edge is mirrored or repeated, and rows beyond the picture repeat its last. Every picture of a
batch may have another strength at the price of two matrix products, which is what a GPU does best.
"""

import torch
from torch import Tensor

LINEAR, CUBIC, LANCZOS, NEAREST = range(4)


def separable(pictures: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """Return ``rows`` @ picture @ ``columns``ᵀ for (N, …, H, W)."""
    flat = pictures.reshape(len(pictures), -1, *pictures.shape[-2:])
    wide = (flat.reshape(len(pictures), -1, flat.shape[-1]) @ columns.mT).view(*flat.shape[:-1], -1)
    done = torch.einsum("nyh,nchx->ncyx", rows, wide)
    return done.reshape(*pictures.shape[:-2], *done.shape[-2:])


def _grid(length: int, device: torch.device) -> Tensor:
    return torch.arange(length, device=device, dtype=torch.float32)


def _rows(lengths: Tensor, count: int) -> Tensor:
    """Return (N, count, 1) row numbers, those beyond the picture held at its last."""
    return torch.minimum(_grid(count, lengths.device), lengths[:, None].float() - 1)[:, :, None]


def _normalised(weights: Tensor) -> Tensor:
    return weights / weights.sum(2, keepdim=True)


def blurring(sigmas: Tensor, lengths: Tensor, canvas: int) -> Tensor:
    """Return operators of a Gaussian of ``sigmas`` pixels, mirrored at the edges; 0 leaves all as it is."""
    here, there, end = _rows(lengths, canvas), _grid(canvas, sigmas.device), lengths.view(-1, 1, 1)
    width = sigmas.view(-1, 1, 1).clamp(min=1e-3)
    bells = sum(
        torch.exp(-0.5 * ((here - other) / width).square())
        for other in (there, -1 - there, 2 * end - 1 - there)
    )
    return _normalised(bells * (there < end))


def shrinking(lengths: Tensor, smaller: Tensor, canvas: int, target: int | None = None) -> Tensor:
    """Return operators that average over area, from ``lengths`` to ``smaller`` rows of a canvas."""
    ratio = (lengths / smaller).view(-1, 1, 1)
    here, there = _rows(smaller, target or canvas), _grid(canvas, lengths.device)
    overlap = torch.minimum((here + 1) * ratio, there + 1) - torch.maximum(here * ratio, there)
    return _normalised(overlap.clamp(min=0) * (there < lengths.view(-1, 1, 1)))


def _kernel(distance: Tensor, ways: Tensor) -> Tensor:
    """Return the interpolation kernels of OpenCV: linear, cubic (a = -0.75), Lanczos 4, nearest."""
    x = distance.abs()
    near = ((1.25 * x - 2.25) * x * x + 1) * (x <= 1)
    far = (((-0.75 * x + 3.75) * x - 6) * x + 3) * ((x > 1) & (x < 2))
    lanczos = torch.sinc(x) * torch.sinc(x / 4) * (x < 4)
    nearest = (distance >= -0.5) & (distance < 0.5)
    kernels = torch.stack([(1 - x).clamp(min=0), near + far, lanczos, nearest.float()])
    return kernels.gather(0, ways.view(1, -1, 1, 1).expand(1, *x.shape))[0]


def enlarging(
    lengths: Tensor, larger: Tensor, ways: Tensor, canvas: int, target: int | None = None
) -> Tensor:
    """Return operators that interpolate from ``lengths`` to ``larger`` rows in one of four ways."""
    ratio = (lengths / larger).view(-1, 1, 1)
    places = (_rows(larger, target or canvas) + 0.5) * ratio - 0.5
    there, end = _grid(canvas, lengths.device), lengths.view(-1, 1, 1)
    places = torch.minimum(places, end - 1).clamp(min=0)
    return _normalised(_kernel(places - there, ways) * (there < end))


def down_and_up(factors: Tensor, lengths: Tensor, ways: Tensor, canvas: int) -> Tensor:
    """Return operators that shrink by ``factors`` (to 8 rows at least) and enlarge to the old size."""
    smaller = (lengths / factors).floor().clamp(min=8).minimum(lengths)
    return enlarging(smaller, lengths, ways, canvas) @ shrinking(lengths, smaller, canvas)


def resizing(lengths: Tensor, size: int, canvas: int) -> Tensor:
    """Return operators (N, size, canvas) to one size: over area where it shrinks, linear where it grows."""
    wanted = torch.full_like(lengths, size)
    linear = torch.full_like(lengths, LINEAR, dtype=torch.int64)
    small = shrinking(lengths, wanted, canvas, size)
    large = enlarging(lengths, wanted, linear, canvas, size)
    return torch.where((lengths > size).view(-1, 1, 1), small, large)
