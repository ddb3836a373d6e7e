"""The source of batches for a run that makes its forgeries on the training device."""

import zlib
from collections.abc import Iterator, Sequence

import torch

from inference.networks import find_network
from inference.normalisation import standardise
from training.batch import Batch
from training.config import Phase, TrainingConfig
from training.datasets import Photo
from training.localisation import cell_coverage
from training.sources import Shares
from training.torch_forgeries.batch_maker import BatchMaker
from training.torch_forgeries.photo_store import PhotoStore


class DeviceBatches:
    """Keeps the photographs on a device and makes batches of them there."""

    def __init__(
        self,
        photos: Sequence[Photo],
        shares: Shares,
        config: TrainingConfig,
        device: torch.device,
    ) -> None:
        self._maker = BatchMaker(PhotoStore.read(photos, device), shares)
        self._pairs, self._device = config.batch_pairs, device
        self._normalisation = find_network(config.network).normalisation

    def of(self, phase: Phase, seed: tuple[int, ...]) -> Iterator[Batch]:
        """Yield the batches of a phase without end; they are on the device."""
        generator = torch.Generator(self._device).manual_seed(zlib.crc32(repr(seed).encode()))
        while True:
            crops, labels, masks = self._maker.draw(self._pairs, phase, generator)
            yield Batch(standardise(crops, self._normalisation), labels, cell_coverage(masks))
