"""Which photographs a batch is made of: real ones, other people's faces for them, or forgeries.

The rules are those of ``pairs.PairMaker``: collections and groups of people by weight, sources of the same
collection whose pose is nearest of a few, and where a collection brings forgeries of its own, half of its
pairs from them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.batched.chance import choose, coin, uniform
from training.batched.store import PhotoStore
from training.errors import NoPhotographsError
from training.pairs import LABELLED_SHARE, SOURCES_TRIED, beside_reals
from training.sources import EVEN, Shares

SAME_UNIT = 1e3  # added to a distance between poses, which is 2 at most


@dataclass(frozen=True, slots=True)
class Lists:
    """Lists of numbers one after the other; drawing from some of them takes one step for a whole batch."""

    values: Tensor  # int64
    starts: Tensor  # (L,) int64
    counts: Tensor  # (L,) int64
    bounds: Tensor  # float64, a number a value: where its part of [l, l + 1) ends, l the list's number

    @classmethod
    def of(
        cls,
        lists: Sequence[Sequence[int]],
        device: torch.device,
        chances: Sequence[NDArray[np.float64]] | None = None,
    ) -> "Lists":
        """``chances`` are those of each list's values, summing to 1; without them all are alike."""
        counts = torch.tensor([len(part) for part in lists], dtype=torch.int64)
        values = torch.tensor([value for part in lists for value in part] or [0], dtype=torch.int64)
        if chances is None:
            chances = [np.full(len(part), 1 / max(len(part), 1)) for part in lists]
        ends = [number + part.cumsum() for number, part in enumerate(chances)]
        bounds = torch.from_numpy(np.concatenate([*ends, [float(len(lists))]]))
        starts = counts.cumsum(0) - counts
        return cls(values.to(device), starts.to(device), counts.to(device), bounds.to(device))

    def draw(self, which: Tensor, generator: torch.Generator) -> Tensor:
        """Return a value of each of the lists numbered ``which`` (any shape); any value for an empty one."""
        drawn = which + uniform(tuple(which.shape), 0, 1, generator).double()
        first, counts = self.starts[which], self.counts[which]
        places = torch.searchsorted(self.bounds, drawn, right=True)
        places = torch.minimum(torch.maximum(places, first), first + (counts - 1).clamp(min=0))
        return self.values[places.clamp(max=len(self.values) - 1)]


def pose_shapes(landmarks: Tensor) -> Tensor:
    """Return landmarks (N, 5, 2) centred and scaled to length 1, as (N, 10)."""
    centred = (landmarks - landmarks.mean(1, keepdim=True)).flatten(1)
    return torch.nn.functional.normalize(centred, dim=1)


@dataclass(frozen=True, slots=True)
class Drawn:
    """Numbers of photographs (N,): ``forgeries`` count only where ``labelled``, ``sources`` elsewhere."""

    reals: Tensor
    sources: Tensor
    forgeries: Tensor
    labelled: Tensor


class Drawing:
    """Draws the photographs of a batch."""

    def __init__(self, store: PhotoStore, shares: Shares = EVEN) -> None:
        """Raises NoPhotographsError where there is no real photograph."""
        device, photos = store.pictures.device, store.photos
        place = {id(photo): number for number, photo in enumerate(photos)}
        names = sorted({photo.collection for photo in photos if not photo.forged})
        if not names:
            raise NoPhotographsError("no real photographs to make pairs from; check the data and their split")
        mine = [[photo for photo in photos if photo.collection == name] for name in names]
        beside = [beside_reals(part) for part in mine]
        self._chances = torch.from_numpy(shares.of_collections(names)).float().to(device)
        reals = [[photo for photo in part if not photo.forged] for part in mine]
        chances = [shares.of_photos(part) for part in reals]
        # Evenly for sources, who give their faces to those of other groups too.
        self._reals = Lists.of([[place[id(photo)] for photo in part] for part in reals], device, chances)
        self._givers = Lists.of([[place[id(photo)] for photo in part] for part in reals], device)
        self._forgeries = Lists.of([[place[id(fake)] for _, fake in part] for part in beside], device)
        partners = {place[id(fake)]: beside_it for part in beside for beside_it, fake in part}
        self._partners = Lists.of(
            [[place[id(real)] for real in partners.get(number, [])] for number in range(len(photos))], device
        )
        self.has_forgeries = bool(partners)
        self._shapes, self._units = pose_shapes(store.landmarks), store.units

    def draw(self, count: int, generator: torch.Generator) -> Drawn:
        """Return the photographs of ``count`` pairs."""
        collections = choose(self._chances.expand(count, -1), generator)
        labelled = coin(count, LABELLED_SHARE, generator) & (self._forgeries.counts[collections] > 0)
        forgeries = self._forgeries.draw(collections, generator)
        partners = self._partners.draw(forgeries, generator)
        reals = torch.where(labelled, partners, self._reals.draw(collections, generator))
        candidates = self._givers.draw(collections[:, None].expand(-1, SOURCES_TRIED), generator)
        distance = torch.linalg.vector_norm(self._shapes[candidates] - self._shapes[reals][:, None], dim=2)
        same = self._units[candidates] == self._units[reals][:, None]
        nearest = (distance + SAME_UNIT * same).argmin(1, keepdim=True)
        return Drawn(reals, candidates.gather(1, nearest)[:, 0], forgeries, labelled)
