"""Photographs that are decoded once and kept on the device, with the data of their faces."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from torchvision.io import ImageReadMode, decode_image

from training.datasets import Photo
from training.errors import NoPhotographsError, PhotoUnreadableError
from training.pairs import is_tight

CANVAS = 288  # pixels; current data sets are not larger, and crops show at most 256
UPLOAD_CHUNK = 512  # photographs, 128 MB


def _decode(photo: Photo, canvas: int) -> tuple[Tensor, float]:
    """Return (picture (3, H, W) uint8, factor by which it was resized to fit the canvas)."""
    try:
        encoded = torch.from_numpy(np.frombuffer(photo.encoded, np.uint8).copy())
        picture = decode_image(encoded, mode=ImageReadMode.RGB)
    except (RuntimeError, ValueError) as error:
        name = f"{photo.collection}/{photo.name}"
        raise PhotoUnreadableError(f"{name} cannot be decoded: {error}; fetch the data set again") from error
    factor = min(1.0, canvas / max(picture.shape[1:]))
    if factor == 1.0:
        return picture, factor
    size = [max(round(edge * factor), 1) for edge in picture.shape[1:]]
    small = functional.interpolate(picture[None].float(), size, mode="bilinear", antialias=True)
    return small[0].round().clamp(0, 255).to(torch.uint8), factor


def _fill(pictures: Tensor, photos: Sequence[Photo], threads: int) -> tuple[Tensor, Tensor]:
    """Decode the photographs into ``pictures``; return their sizes (N, 2) and factors (N,)."""
    canvas = pictures.shape[-1]
    sizes, factors = [], []
    # One block for all chunks: the first use of fresh memory takes longer than decoding into it.
    block = torch.zeros(min(UPLOAD_CHUNK, len(photos)), 3, canvas, canvas, dtype=torch.uint8)
    with ThreadPoolExecutor(threads) as pool:
        for begin in range(0, len(photos), UPLOAD_CHUNK):
            part = photos[begin : begin + UPLOAD_CHUNK]
            block.zero_()
            decoded = pool.map(_decode, part, [canvas] * len(part))
            for slot, (picture, factor) in zip(block[: len(part)], decoded, strict=True):
                slot[:, : picture.shape[1], : picture.shape[2]] = picture
                sizes.append(list(picture.shape[1:]))
                factors.append(factor)
            pictures[begin : begin + len(part)] = block[: len(part)].to(pictures.device)
    return torch.tensor(sizes), torch.tensor(factors)


@dataclass(frozen=True, slots=True)
class PhotoStore:
    """N photographs on one device; 20,000 on a canvas of 288 pixels are 5 GB."""

    photos: tuple[Photo, ...]  # in the order of the tensors, without their bytes
    pictures: Tensor  # (N, 3, canvas, canvas) uint8 RGB, each in the upper left, 0 elsewhere
    sizes: Tensor  # (N, 2) int64: height, width
    boxes: Tensor  # (N, 4) float32: x0, y0, x1, y1
    landmarks: Tensor  # (N, 5, 2) float32
    units: Tensor  # (N,) int64: person or cluster of near-duplicates
    tight: Tensor  # (N,) bool: the jaw is at the picture's edge

    @classmethod
    def read(
        cls, photos: Sequence[Photo], device: torch.device, *, canvas: int = CANVAS, threads: int = 4
    ) -> Self:
        """Decode photographs and downscale those that are larger than the canvas.

        Raise PhotoUnreadableError if a photograph cannot be decoded, NoPhotographsError if there are none.
        """
        if not photos:
            raise NoPhotographsError("no photographs to make pairs from; check the data and their split")
        pictures = torch.zeros(len(photos), 3, canvas, canvas, dtype=torch.uint8, device=device)
        sizes, factors = _fill(pictures, photos, threads)
        scale = factors.view(-1, 1, 1)
        landmarks = torch.from_numpy(np.stack([photo.landmarks for photo in photos])) * scale
        boxes = torch.from_numpy(np.stack([photo.box for photo in photos])) * scale[:, :, 0]
        names = {unit: number for number, unit in enumerate(sorted({photo.unit for photo in photos}))}
        tight = [
            is_tight(points.numpy(), size) for points, size in zip(landmarks, sizes.tolist(), strict=True)
        ]
        return cls(
            tuple(replace(photo, encoded=b"") for photo in photos),
            pictures,
            sizes.to(device),
            boxes.float().to(device),
            landmarks.float().to(device),
            torch.tensor([names[photo.unit] for photo in photos]).to(device),
            torch.tensor(tight).to(device),
        )
