"""Batches of pairs for a phase of a run: made by numpy beside a CPU's training, or in batches on a GPU."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch.utils.data import DataLoader

from inference.networks import find_network
from inference.normalisation import normalise
from training.config import Phase, TrainingConfig
from training.datasets import Photo
from training.localising import cells
from training.pairs import Pair, PairMaker, PairStream
from training.sources import Shares
from training.workers import end_with_parent


@dataclass(frozen=True, slots=True)
class Batch:
    """The reals, then their forgeries: normalised (2N, 3, S, S) float32, and labels (2N,), 1 for forged.

    ``forged`` (N, 1, S/16, S/16) is the share of each cell of the forgeries that is forged; NaN is unknown.
    """

    pixels: torch.Tensor
    labels: torch.Tensor
    forged: torch.Tensor


class BatchSource(Protocol):
    """Where batches come from; what is drawn depends on the seed alone."""

    def of(self, phase: Phase, seed: tuple[int, ...]) -> Iterator[Batch]:
        """Yield the batches of a phase without end."""
        ...


class PairBatches:
    """Pairs made by numpy in a process of their own, beside the training."""

    def __init__(self, photos: list[Photo], shares: Shares, config: TrainingConfig) -> None:
        self.maker, self.config = PairMaker(photos, shares), config

    def of(self, phase: Phase, seed: tuple[int, ...]) -> Iterator[Batch]:
        """Yield batches without end."""
        loader = DataLoader(
            PairStream(self.maker, phase, seed),
            batch_size=self.config.batch_pairs,
            num_workers=1,  # a core makes 40 pairs/s, several times what it trains on
            prefetch_factor=4,
            collate_fn=collate,
            # Not forked: by now there are threads (TensorBoard, the progress bar), and a child would wait for
            # ever for a lock that one of them held.
            multiprocessing_context="forkserver",
            worker_init_fn=_begin,
        )
        normalisation = find_network(self.config.network).normalisation
        for crops, labels, forged in loader:
            yield Batch(normalise(crops.numpy(), normalisation), labels, forged)


def _begin(_number: int) -> None:
    end_with_parent()  # torch watches the fork server instead, which outlives the training


def collate(pairs: list[Pair]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return the reals then the forgeries as uint8 (2N, S, S, 3), and labels and cells of :class:`Batch`."""
    crops = [pair.real for pair in pairs] + [pair.forged for pair in pairs]
    masks = torch.from_numpy(np.stack([pair.mask for pair in pairs]))[:, None]
    labels = torch.tensor([0.0, 1.0]).repeat_interleave(len(pairs))
    return torch.from_numpy(np.stack(crops)), labels, cells(masks)


def batch_source(
    photos: list[Photo], shares: Shares, config: TrainingConfig, device: torch.device
) -> BatchSource:
    """Return the source that can feed ``device``: a GPU learns faster than any CPU can forge."""
    if device.type == "cpu":
        return PairBatches(photos, shares, config)
    from training.batched.source import DeviceBatches  # noqa: PLC0415  (kornia takes seconds to import)

    return DeviceBatches(photos, shares, config, device)
