"""Turn the pixels of crops into a network's input, with the mean and standard deviation that it expects."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray


@dataclass(frozen=True)
class Normalisation:
    """Mean and standard deviation of red, green and blue, for pixel values in [0, 1]."""

    mean: tuple[float, float, float]
    std: tuple[float, float, float]


IMAGENET = Normalisation(mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))


def normalise(
    crops: Sequence[NDArray[np.uint8]] | NDArray[np.uint8], normalisation: Normalisation
) -> torch.Tensor:
    """Return N uint8 RGB crops of one size (N, S, S, 3) as normalised float32 (N, 3, S, S)."""
    batch: NDArray[Any] = np.ascontiguousarray(np.stack(list(crops)))
    return standardise(torch.from_numpy(batch).permute(0, 3, 1, 2), normalisation)


def standardise(pixels: torch.Tensor, normalisation: Normalisation) -> torch.Tensor:
    """Return uint8 RGB (N, 3, S, S) on any device as normalised float32."""
    mean = torch.tensor(normalisation.mean, device=pixels.device).view(1, 3, 1, 1)
    std = torch.tensor(normalisation.std, device=pixels.device).view(1, 3, 1, 1)
    return pixels.float().div_(255.0).sub_(mean).div_(std)
