"""Sample the photographs of a batch: real ones, source faces for swaps, and forgeries of a data set.

The rules are those of ``pairs.PairMaker``. Collections and groups of people are drawn by weight. A source is
the photograph with the nearest pose among a few of the same collection. If a collection has its own
forgeries, half of its pairs use them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.errors import NoPhotographsError
from training.pairs import LABELLED_SHARE, SOURCES_TRIED, match_forgeries_to_reals
from training.sources import EVEN, Shares
from training.torch_forgeries.photo_store import PhotoStore
from training.torch_forgeries.random_choices import bernoulli, categorical, uniform

SAME_UNIT_PENALTY = 1e3  # added to a pose distance, which is at most 2


@dataclass(frozen=True, slots=True)
class RaggedLists:
    """Concatenated lists of integers; one vectorised step draws a value for each item of a batch."""

    values: Tensor  # int64
    starts: Tensor  # (L,) int64
    counts: Tensor  # (L,) int64
    bounds: Tensor  # float64, one per value: the end of its part of [l, l + 1) in list number l

    @classmethod
    def of(
        cls,
        lists: Sequence[Sequence[int]],
        device: torch.device,
        probabilities: Sequence[NDArray[np.float64]] | None = None,
    ) -> "RaggedLists":
        """``probabilities`` of each list's values sum to 1; without them draws are uniform."""
        counts = torch.tensor([len(part) for part in lists], dtype=torch.int64)
        values = torch.tensor([value for part in lists for value in part] or [0], dtype=torch.int64)
        if probabilities is None:
            probabilities = [np.full(len(part), 1 / max(len(part), 1)) for part in lists]
        ends = [number + part.cumsum() for number, part in enumerate(probabilities)]
        bounds = torch.from_numpy(np.concatenate([*ends, [float(len(lists))]]))
        starts = counts.cumsum(0) - counts
        return cls(values.to(device), starts.to(device), counts.to(device), bounds.to(device))

    def draw(self, numbers: Tensor, generator: torch.Generator) -> Tensor:
        """Return a value from each list in ``numbers`` (any shape); an arbitrary value for an empty list."""
        positions = numbers + uniform(tuple(numbers.shape), 0, 1, generator).double()
        first, counts = self.starts[numbers], self.counts[numbers]
        indices = torch.searchsorted(self.bounds, positions, right=True)
        indices = torch.minimum(torch.maximum(indices, first), first + (counts - 1).clamp(min=0))
        return self.values[indices.clamp(max=len(self.values) - 1)]


def pose_shapes(landmarks: Tensor) -> Tensor:
    """Return landmarks (N, 5, 2) centred and scaled to length 1, as (N, 10)."""
    centred = (landmarks - landmarks.mean(1, keepdim=True)).flatten(1)
    return torch.nn.functional.normalize(centred, dim=1)


@dataclass(frozen=True, slots=True)
class PairIndices:
    """Indices of photographs (N,). ``forgeries`` are used where ``labelled``, ``sources`` elsewhere."""

    reals: Tensor
    sources: Tensor
    forgeries: Tensor
    labelled: Tensor


class PhotoSampler:
    """Samples the photographs of a batch."""

    def __init__(self, store: PhotoStore, shares: Shares = EVEN) -> None:
        """Raise NoPhotographsError if there are no real photographs."""
        device, photos = store.pictures.device, store.photos
        indices = {id(photo): number for number, photo in enumerate(photos)}
        names = sorted({photo.collection for photo in photos if not photo.forged})
        if not names:
            raise NoPhotographsError("no real photographs to make pairs from; check the data and their split")
        by_name = [[photo for photo in photos if photo.collection == name] for name in names]
        matched = [match_forgeries_to_reals(part) for part in by_name]
        self._collection_probabilities = torch.from_numpy(shares.of_collections(names)).float().to(device)
        reals = [[photo for photo in part if not photo.forged] for part in by_name]
        probabilities = [shares.of_photos(part) for part in reals]
        # Uniform for sources, which are also used for people of other groups.
        self._reals = RaggedLists.of(
            [[indices[id(photo)] for photo in part] for part in reals], device, probabilities
        )
        self._sources = RaggedLists.of([[indices[id(photo)] for photo in part] for part in reals], device)
        self._forgeries = RaggedLists.of(
            [[indices[id(fake)] for _, fake in part] for part in matched], device
        )
        partners = {indices[id(fake)]: own_reals for part in matched for own_reals, fake in part}
        self._partners = RaggedLists.of(
            [[indices[id(real)] for real in partners.get(number, [])] for number in range(len(photos))],
            device,
        )
        self.has_forgeries = bool(partners)
        self._shapes, self._units = pose_shapes(store.landmarks), store.units

    def draw(self, count: int, generator: torch.Generator) -> PairIndices:
        """Return the photographs of ``count`` pairs."""
        collections = categorical(self._collection_probabilities.expand(count, -1), generator)
        labelled = bernoulli(count, LABELLED_SHARE, generator) & (self._forgeries.counts[collections] > 0)
        forgeries = self._forgeries.draw(collections, generator)
        partners = self._partners.draw(forgeries, generator)
        reals = torch.where(labelled, partners, self._reals.draw(collections, generator))
        candidates = self._sources.draw(collections[:, None].expand(-1, SOURCES_TRIED), generator)
        distance = torch.linalg.vector_norm(self._shapes[candidates] - self._shapes[reals][:, None], dim=2)
        same_person = self._units[candidates] == self._units[reals][:, None]
        nearest = (distance + SAME_UNIT_PENALTY * same_person).argmin(1, keepdim=True)
        return PairIndices(reals, candidates.gather(1, nearest)[:, 0], forgeries, labelled)
