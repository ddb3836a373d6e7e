"""Choose the source of batches for a device: a process that uses numpy for a CPU, or the GPU itself."""

from collections.abc import Iterator

import numpy as np
import torch
from torch.utils.data import DataLoader

from inference.networks import find_network
from inference.normalisation import normalise
from training.batch import Batch, BatchSource
from training.config import Phase, TrainingConfig
from training.datasets import Photo
from training.localisation import cell_coverage
from training.pairs import Pair, PairMaker, PairStream
from training.sources import Shares
from training.workers import end_with_parent


class PairBatches:
    """Batches of pairs that numpy makes in a separate process."""

    def __init__(self, photos: list[Photo], shares: Shares, config: TrainingConfig) -> None:
        self.maker, self.config = PairMaker(photos, shares), config

    def of(self, phase: Phase, seed: tuple[int, ...]) -> Iterator[Batch]:
        """Yield the batches of a phase without end."""
        loader = DataLoader(
            PairStream(self.maker, phase, seed),
            batch_size=self.config.batch_pairs,
            num_workers=1,  # one core makes 40 pairs/s, several times what it can train on
            prefetch_factor=4,
            collate_fn=collate,
            # Not "fork": this process has threads (TensorBoard, the progress bar), and a forked child would
            # deadlock on a lock that one of them holds.
            multiprocessing_context="forkserver",
            worker_init_fn=_start_worker,
        )
        normalisation = find_network(self.config.network).normalisation
        for crops, labels, forged in loader:
            yield Batch(normalise(crops.numpy(), normalisation), labels, forged)


def _start_worker(_number: int) -> None:
    end_with_parent()  # torch watches the fork server instead, which outlives the training


def collate(pairs: list[Pair]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return crops uint8 (2N, S, S, 3), reals first, and ``labels`` and ``forged`` of :class:`Batch`."""
    crops = [pair.real for pair in pairs] + [pair.forged for pair in pairs]
    masks = torch.from_numpy(np.stack([pair.mask for pair in pairs]))[:, None]
    labels = torch.tensor([0.0, 1.0]).repeat_interleave(len(pairs))
    return torch.from_numpy(np.stack(crops)), labels, cell_coverage(masks)


def batch_source(
    photos: list[Photo], shares: Shares, config: TrainingConfig, device: torch.device
) -> BatchSource:
    """Return the source of batches for ``device``.

    A GPU makes its own batches, since it learns faster than a CPU can forge.
    """
    if device.type == "cpu":
        return PairBatches(photos, shares, config)
    from training.torch_forgeries.device_batches import DeviceBatches  # noqa: PLC0415  (kornia imports slowly)

    return DeviceBatches(photos, shares, config, device)
