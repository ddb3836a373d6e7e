"""A batch of training pairs, and the interface of the sources that yield batches."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import torch

from training.config import Phase


@dataclass(frozen=True, slots=True)
class Batch:
    """N real crops, then their N forgeries: normalised (2N, 3, S, S) float32.

    ``labels`` (2N,) are 1 for forged. ``forged`` (N, 1, S/16, S/16) is the forged share of each cell of the
    forgeries, NaN where unknown.
    """

    pixels: torch.Tensor
    labels: torch.Tensor
    forged: torch.Tensor


class BatchSource(Protocol):
    """A source of batches that depend on the seed only."""

    def of(self, phase: Phase, seed: tuple[int, ...]) -> Iterator[Batch]:
        """Yield the batches of a phase without end."""
        ...
