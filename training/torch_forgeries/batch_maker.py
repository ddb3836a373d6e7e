"""Make batches of real crops and their forgeries on a device; the batched form of ``training.pairs``."""

import torch
from torch import Tensor

from training.config import Phase
from training.sources import EVEN, Shares
from training.torch_forgeries.affine import warp_affine
from training.torch_forgeries.augment import augment
from training.torch_forgeries.blends import Faces, forge
from training.torch_forgeries.framing import (
    MAX_RESOLUTION,
    cut_windows,
    draw_framings,
    draw_windows,
    framing_maps,
    resize_crops,
)
from training.torch_forgeries.photo_store import PhotoStore
from training.torch_forgeries.sampling import PairIndices, PhotoSampler
from training.torch_forgeries.tones import to_levels

CHUNK = 192  # pairs that are made at once; see BatchMaker


class BatchMaker:
    """Draws batches from a store; all randomness comes from the given generator.

    A chunk of 192 pairs takes an estimated 7.5 GB of device memory in addition to the store, for any batch
    size: three times 2.5 GB, the sum of the tensors of 64 pairs. It has not been measured on a GPU. Large
    chunks are faster, since a chunk of any size takes the host about 27,000 operator calls (see the runbook).
    """

    def __init__(self, store: PhotoStore, shares: Shares = EVEN, *, chunk: int = CHUNK) -> None:
        """Raise NoPhotographsError if there are no real photographs."""
        self.store, self.chunk = store, chunk
        self.sampler = PhotoSampler(store, shares)

    @torch.no_grad()
    def draw(self, pairs: int, phase: Phase, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """Return crops, labels and masks of ``pairs`` pairs: all reals, then their forgeries in order.

        Crops are (2N, 3, S, S) uint8 RGB, where S is the phase's window or size. Labels are (2N,) float32, 1
        for forged. Masks are (N, 1, S, S) float32 in [0, 1], NaN for forgeries of a data set without masks.
        ``generator`` must be on the store's device. Batches are reproducible on the same kind of device.
        """
        counts = [min(self.chunk, pairs - begin) for begin in range(0, pairs, self.chunk)]
        parts = [self._make(count, phase, generator) for count in counts]
        crops = torch.cat([part.transpose(0, 1) for part, _ in parts], dim=1).flatten(0, 1)
        labels = (torch.arange(2 * pairs, device=crops.device) >= pairs).float()
        return crops, labels, torch.cat([masks for _, masks in parts])

    def _make(self, count: int, phase: Phase, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Return pairs (N, 2, 3, S, S) uint8 and masks (N, 1, S, S)."""
        drawn = self.sampler.draw(count, generator)
        pairs, masks, numbers = self._forge(drawn, generator)
        framings = draw_framings(count, generator)
        store = self.store
        both = numbers.flatten()
        maps = framing_maps(framings.per_picture(), store.sizes[both], store.boxes[both], store.tight[both])
        canvas = (MAX_RESOLUTION, MAX_RESOLUTION)
        crops = to_levels(warp_affine(pairs.flatten(0, 1), maps, store.sizes[both], canvas)).view(
            count, 2, 3, *canvas
        )
        crops = augment(crops, framings.edges, phase.strength, generator)
        crops = to_levels(resize_crops(crops, framings.edges, phase.size)).to(torch.uint8)
        shown = warp_affine(masks, maps[1::2], store.sizes[numbers[:, 1]], canvas)
        masks = resize_crops(shown, framings.edges, phase.size).clamp(0, 1)
        known = torch.where(drawn.labelled.view(-1, 1, 1, 1), torch.nan, masks)
        if phase.window is None:
            return crops, known
        corners = draw_windows(masks, phase.window, generator)
        return cut_windows(crops, corners, phase.window), cut_windows(known, corners, phase.window)

    def _forge(self, drawn: PairIndices, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """Return pairs (N, 2, 3, canvas, canvas), masks, and the photograph number of each picture (N, 2)."""
        targets, sources = self._faces(drawn.reals), self._faces(drawn.sources)
        reals, forged, masks = forge(targets, sources, self.store.tight[drawn.reals], generator)
        if not self.sampler.has_forgeries:
            return torch.stack([reals, forged], 1), masks, torch.stack([drawn.reals, drawn.reals], 1)
        labelled = drawn.labelled.view(-1, 1, 1, 1)
        reals = torch.where(labelled, targets.pictures, reals)
        forged = torch.where(labelled, self.store.pictures[drawn.forgeries].float(), forged)
        masks = torch.where(labelled, 1.0, masks)
        numbers = torch.where(drawn.labelled, drawn.forgeries, drawn.reals)
        return torch.stack([reals, forged], 1), masks, torch.stack([drawn.reals, numbers], 1)

    def _faces(self, numbers: Tensor) -> Faces:
        store = self.store
        return Faces(store.pictures[numbers].float(), store.sizes[numbers], store.landmarks[numbers])
