"""Blur and resize pictures by matrices, one for the rows and one for the columns of each picture.

An operator is (N, M, L) float32 and maps L rows to M rows. Only the first ``lengths`` (N,) rows belong to the
picture; its edge is mirrored or repeated, and rows beyond the picture repeat its last row. Each picture of a
batch can have a different strength at the cost of two matrix products, which a GPU computes fast.
"""

import torch
from torch import Tensor

LINEAR, CUBIC, LANCZOS, NEAREST = range(4)


def apply_separable(pictures: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """Return ``rows`` @ picture @ ``columns``ᵀ for (N, ..., H, W)."""
    flat = pictures.reshape(len(pictures), -1, *pictures.shape[-2:])
    wide = (flat.reshape(len(pictures), -1, flat.shape[-1]) @ columns.mT).view(*flat.shape[:-1], -1)
    done = torch.einsum("nyh,nchx->ncyx", rows, wide)
    return done.reshape(*pictures.shape[:-2], *done.shape[-2:])


def _grid(length: int, device: torch.device) -> Tensor:
    return torch.arange(length, device=device, dtype=torch.float32)


def _rows(lengths: Tensor, count: int) -> Tensor:
    """Return (N, count, 1) row numbers, clamped to the picture's last row."""
    return torch.minimum(_grid(count, lengths.device), lengths[:, None].float() - 1)[:, :, None]


def _normalised(weights: Tensor) -> Tensor:
    return weights / weights.sum(2, keepdim=True)


def blur_operators(sigmas: Tensor, lengths: Tensor, canvas: int) -> Tensor:
    """Return operators of a Gaussian of ``sigmas`` pixels, mirrored at the edges; 0 changes nothing."""
    rows, columns, end = _rows(lengths, canvas), _grid(canvas, sigmas.device), lengths.view(-1, 1, 1)
    width = sigmas.view(-1, 1, 1).clamp(min=1e-3)
    weights = sum(
        torch.exp(-0.5 * ((rows - other) / width).square())
        for other in (columns, -1 - columns, 2 * end - 1 - columns)
    )
    return _normalised(weights * (columns < end))


def shrink_operators(lengths: Tensor, smaller: Tensor, canvas: int, target: int | None = None) -> Tensor:
    """Return operators of area interpolation from ``lengths`` to ``smaller`` rows of a canvas."""
    ratio = (lengths / smaller).view(-1, 1, 1)
    rows, columns = _rows(smaller, target or canvas), _grid(canvas, lengths.device)
    overlap = torch.minimum((rows + 1) * ratio, columns + 1) - torch.maximum(rows * ratio, columns)
    return _normalised(overlap.clamp(min=0) * (columns < lengths.view(-1, 1, 1)))


def _kernel(distance: Tensor, kernels: Tensor) -> Tensor:
    """Return OpenCV's interpolation kernels: linear, cubic (a = -0.75), Lanczos 4, nearest."""
    x = distance.abs()
    near = ((1.25 * x - 2.25) * x * x + 1) * (x <= 1)
    far = (((-0.75 * x + 3.75) * x - 6) * x + 3) * ((x > 1) & (x < 2))
    lanczos = torch.sinc(x) * torch.sinc(x / 4) * (x < 4)
    nearest = (distance >= -0.5) & (distance < 0.5)
    values = torch.stack([(1 - x).clamp(min=0), near + far, lanczos, nearest.float()])
    return values.gather(0, kernels.view(1, -1, 1, 1).expand(1, *x.shape))[0]


def enlarge_operators(
    lengths: Tensor, larger: Tensor, kernels: Tensor, canvas: int, target: int | None = None
) -> Tensor:
    """Return operators that interpolate from ``lengths`` to ``larger`` rows by one of four kernels."""
    ratio = (lengths / larger).view(-1, 1, 1)
    places = (_rows(larger, target or canvas) + 0.5) * ratio - 0.5
    columns, end = _grid(canvas, lengths.device), lengths.view(-1, 1, 1)
    places = torch.minimum(places, end - 1).clamp(min=0)
    return _normalised(_kernel(places - columns, kernels) * (columns < end))


def down_up_operators(factors: Tensor, lengths: Tensor, kernels: Tensor, canvas: int) -> Tensor:
    """Return operators that downscale by ``factors`` (to at least 8 rows) and upscale to the old size."""
    smaller = (lengths / factors).floor().clamp(min=8).minimum(lengths)
    return enlarge_operators(smaller, lengths, kernels, canvas) @ shrink_operators(lengths, smaller, canvas)


def resize_operators(lengths: Tensor, size: int, canvas: int) -> Tensor:
    """Return operators (N, size, canvas) to one size: area interpolation to shrink, linear to enlarge."""
    target = torch.full_like(lengths, size)
    linear = torch.full_like(lengths, LINEAR, dtype=torch.int64)
    small = shrink_operators(lengths, target, canvas, size)
    large = enlarge_operators(lengths, target, linear, canvas, size)
    return torch.where((lengths > size).view(-1, 1, 1), small, large)
