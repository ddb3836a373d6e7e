"""Batches of real crops and their forgeries, as ``pairs`` makes them one by one."""

import torch
from torch import Tensor

from training.batched.blends import Faces, forge
from training.batched.draws import Drawing, Drawn
from training.batched.framing import LARGEST, cut_windows, draw_choices, draw_windows, finish, framing
from training.batched.platforms import post
from training.batched.store import PhotoStore
from training.batched.tones import to_levels
from training.batched.warps import warp
from training.config import Phase
from training.sources import EVEN, Shares

CHUNK = 64  # pairs made at once; see BatchMaker


class BatchMaker:
    """Draws batches from a store; everything random comes from the generator that is passed in.

    A chunk of 64 pairs takes about 2.5 GB of the device's memory beside the store (by count of its
    tensors, not measured on a GPU), whatever the size of the batch.
    """

    def __init__(self, store: PhotoStore, shares: Shares = EVEN, *, chunk: int = CHUNK) -> None:
        """Raises NoPhotographsError where there is no real photograph."""
        self.store, self.chunk = store, chunk
        self.drawing = Drawing(store, shares)

    @torch.no_grad()
    def draw(self, pairs: int, phase: Phase, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """Return crops, labels and masks of ``pairs`` pairs: the reals, then their forgeries in order.

        Crops are (2N, 3, S, S) uint8 RGB, S the phase's window or size; labels (2N,) float32, 1 for
        forged; masks (N, 1, S, S) float32 in [0, 1], where the forgery is, NaN where a data set does not
        say. ``generator`` is of the store's device; one seed gives one batch on one kind of device.
        """
        rest = [min(self.chunk, pairs - begin) for begin in range(0, pairs, self.chunk)]
        made = [self._make(count, phase, generator) for count in rest]
        crops = torch.cat([part.transpose(0, 1) for part, _ in made], dim=1).flatten(0, 1)
        labels = (torch.arange(2 * pairs, device=crops.device) >= pairs).float()
        return crops, labels, torch.cat([masks for _, masks in made])

    def _make(self, count: int, phase: Phase, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Return pairs (N, 2, 3, S, S) uint8 and masks (N, 1, S, S)."""
        drawn = self.drawing.draw(count, generator)
        pairs, masks, numbers = self._forge(drawn, generator)
        choices = draw_choices(count, generator)
        store = self.store
        both = numbers.flatten()
        maps = framing(choices.twice(), store.sizes[both], store.boxes[both], store.tight[both])
        canvas = (LARGEST, LARGEST)
        crops = to_levels(warp(pairs.flatten(0, 1), maps, store.sizes[both], canvas)).view(
            count, 2, 3, *canvas
        )
        crops = post(crops, choices.edges, phase.strength, generator)
        crops = to_levels(finish(crops, choices.edges, phase.size)).to(torch.uint8)
        shown = warp(masks, maps[1::2], store.sizes[numbers[:, 1]], canvas)
        masks = finish(shown, choices.edges, phase.size).clamp(0, 1)
        told = torch.where(drawn.labelled.view(-1, 1, 1, 1), torch.nan, masks)
        if phase.window is None:
            return crops, told
        corners = draw_windows(masks, phase.window, generator)
        return cut_windows(crops, corners, phase.window), cut_windows(told, corners, phase.window)

    def _forge(self, drawn: Drawn, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """Return pairs (N, 2, 3, canvas, canvas), masks, and whose size and box each picture has, (N, 2)."""
        targets, sources = self._faces(drawn.reals), self._faces(drawn.sources)
        reals, forged, masks = forge(targets, sources, self.store.tight[drawn.reals], generator)
        if not self.drawing.has_forgeries:
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
