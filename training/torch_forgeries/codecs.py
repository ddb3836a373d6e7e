"""Simulate lossy codecs in batches: JPEG by its standard, WebP and H.264 approximately.

No bit stream is produced; the loss comes from quantising the transform coefficients.

JPEG follows ITU-T T.81, with the tables of annex K scaled as in libjpeg, 4:2:0 and smooth chroma
upsampling. It differs from libjpeg only by rounding inside the transform.

WebP (VP8) and H.264 key frames predict each block from its neighbours and code the residual. Here the block
itself is transformed (4x4, flat quantiser with a dead zone), and block edges are smoothed as by H.264's
deblocking filter (ITU-T H.264, 8.7). The step sizes are fitted to the loss of the real codecs.
``tests/unit/training/torch_forgeries/test_codecs.py`` measures the agreement.
"""

import math
from functools import cache

import torch
from torch import Tensor
from torch.nn import functional

from training.torch_forgeries.constants import constant

LUMA_TABLE = (
    (16, 11, 10, 16, 24, 40, 51, 61),
    (12, 12, 14, 19, 26, 58, 60, 55),
    (14, 13, 16, 24, 40, 57, 69, 56),
    (14, 17, 22, 29, 51, 87, 80, 62),
    (18, 22, 37, 56, 68, 109, 103, 77),
    (24, 35, 55, 64, 81, 104, 113, 92),
    (49, 64, 78, 87, 103, 121, 120, 101),
    (72, 92, 95, 98, 112, 100, 103, 99),
)
CHROMA_CORNER = ((17, 18, 24, 47), (18, 21, 26, 66), (24, 26, 56, 99), (47, 66, 99, 99))  # 99 elsewhere
DEAD_ZONE = 0.66  # encoders round down a third of a step in key frames; 0.5 would be nearest
TO_YCC = ((0.299, 0.587, 0.114), (-0.168736, -0.331264, 0.5), (0.5, -0.418688, -0.081312))  # JFIF
TO_RGB = ((1.0, 0.0, 1.402), (1.0, -0.344136, -0.714136), (1.0, 1.772, 0.0))


def _mix(pictures: Tensor, matrix: tuple[tuple[float, ...], ...]) -> Tensor:
    return torch.einsum("ij,njhw->nihw", constant(matrix, pictures.device), pictures)


def to_planes(pictures: Tensor) -> tuple[Tensor, Tensor]:
    """Return luma (N, 1, H, W) and chroma (N, 2, H/2, W/2), integers centred on 0."""
    planes = _mix(pictures, TO_YCC)
    chroma = functional.avg_pool2d(planes[:, 1:], 2)
    return (planes[:, :1] - 128).round(), chroma.round()


def to_pictures(luma: Tensor, chroma: Tensor) -> Tensor:
    """Return (N, 3, H, W) of integers in [0, 255]."""
    large = functional.interpolate(chroma, scale_factor=2, mode="bilinear", align_corners=False)
    planes = torch.cat([luma + 128, large], dim=1).round()
    return _mix(planes, TO_RGB).round().clamp(0, 255)


@cache
def cosines(size: int, device: torch.device) -> Tensor:
    """Return the orthonormal DCT-II as (size, size), one row per frequency."""
    rows, columns = torch.arange(size)[:, None], torch.arange(size)[None]
    basis = torch.cos(math.pi / size * (columns + 0.5) * rows) * math.sqrt(2 / size)
    basis[0] /= math.sqrt(2)
    return basis.to(device)


def code_blocks(planes: Tensor, steps: Tensor, dead_zone: float = 0.5) -> Tensor:
    """Return planes (N, C, H, W) with the DCT of each block quantised by ``steps`` (N, size, size).

    ``dead_zone`` is the share of a step from which a coefficient is rounded up; 0.5 is plain rounding. H and
    W are multiples of the block size.
    """
    size = steps.shape[-1]
    count, channels, height, width = planes.shape
    basis = cosines(size, planes.device)
    blocks = planes.view(count, channels, height // size, size, width // size, size).transpose(3, 4)
    quantiser = steps.view(count, 1, 1, 1, size, size)
    levels = basis @ blocks @ basis.T / quantiser
    kept = levels.sign() * (levels.abs() + 1 - dead_zone).floor()
    coded = basis.T @ (kept * quantiser) @ basis
    return coded.transpose(3, 4).reshape(planes.shape).round()


def jpeg_tables(qualities: Tensor) -> tuple[Tensor, Tensor]:
    """Return the quantisers for luma and chroma, (N, 8, 8) each, as libjpeg scales them; qualities 1-100."""
    chroma = functional.pad(constant(CHROMA_CORNER, qualities.device), (0, 4, 0, 4), value=99)
    quality = qualities.view(-1, 1, 1).float()
    scale = torch.where(quality < 50, (5000 / quality).floor(), 200 - 2 * quality)
    luma, chroma = (
        ((table * scale + 50) / 100).floor().clamp(1, 255)
        for table in (constant(LUMA_TABLE, qualities.device), chroma)
    )
    return luma, chroma


def jpeg(pictures: Tensor, qualities: Tensor) -> Tensor:
    """Return pictures (N, 3, H, W; edges multiples of 16) after JPEG at ``qualities`` (N,) of 1-100."""
    luma, chroma = to_planes(pictures)
    luma_table, chroma_table = jpeg_tables(qualities)
    return to_pictures(
        code_blocks(luma, luma_table).clamp(-128, 127), code_blocks(chroma, chroma_table).clamp(-128, 127)
    )


def deblock(planes: Tensor, steps: Tensor, size: int) -> Tensor:
    """Return planes with block edges smoothed where the step is small enough to be a coding artefact.

    This is H.264's normal filter, horizontal and then vertical; its limits grow with the ``steps`` (N,).
    """
    limit = steps.view(-1, 1, 1, 1)
    for _ in range(2):
        planes = _deblock_columns(planes, limit, size).mT
    return planes


def _deblock_columns(planes: Tensor, limit: Tensor, size: int) -> Tensor:
    outer_left, left = planes[..., size - 2 : -size : size], planes[..., size - 1 : -size : size]
    right, outer_right = planes[..., size::size], planes[..., size + 1 :: size]
    small = ((right - left).abs() < 1.3 * limit) & ((outer_left - left).abs() < 0.4 * limit)
    small = small & ((outer_right - right).abs() < 0.4 * limit)
    step = ((right - left) * 4 + outer_left - outer_right) / 8
    step = torch.where(small, torch.minimum(torch.maximum(step, -0.3 * limit), 0.3 * limit), 0).round()
    smoothed = planes.clone()
    smoothed[..., size - 1 : -size : size] = left + step
    smoothed[..., size::size] = right - step
    return smoothed


def transform_code(pictures: Tensor, luma_steps: Tensor, chroma_steps: Tensor) -> Tensor:
    """Return pictures (N, 3, H, W; edges multiples of 8) after 4x4 block coding with steps (N,)."""
    coded = []
    for planes, steps in zip(to_planes(pictures), (luma_steps, chroma_steps), strict=True):
        flat = steps.view(-1, 1, 1).expand(-1, 4, 4)
        coded.append(deblock(code_blocks(planes, flat, DEAD_ZONE), steps, 4).clamp(-128, 127))
    return to_pictures(coded[0], coded[1])


def h264(pictures: Tensor, crfs: Tensor) -> Tensor:
    """Return pictures with about the loss of an H.264 key frame at constant rate factors (N,) of 17-45."""
    above = crfs.float() - 23
    return transform_code(pictures, torch.exp2(3.67 + 0.137 * above), torch.exp2(3.57 + 0.134 * above))


def webp(pictures: Tensor, qualities: Tensor) -> Tensor:
    """Return pictures with about the loss of lossy WebP at qualities (N,) of 30-98."""
    below = 75 - qualities.float()  # libwebp's scale changes slope there
    exponent = 4.0 + torch.where(below > 0, 0.0213, 0.095) * below
    return transform_code(pictures, torch.exp2(exponent), torch.exp2(exponent - 0.22))
