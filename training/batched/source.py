"""Batches for a run whose device forges for itself."""

import zlib
from collections.abc import Iterator, Sequence

import torch

from inference.networks import find_network
from inference.normalisation import standardise
from training.batched.maker import BatchMaker
from training.batched.store import PhotoStore
from training.batches import Batch
from training.config import Phase, TrainingConfig
from training.datasets import Photo
from training.localising import cells
from training.sources import Shares


class DeviceBatches:
    """The photographs on a device, and batches made of them there."""

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
            yield Batch(standardise(crops, self._normalisation), labels, cells(masks))
