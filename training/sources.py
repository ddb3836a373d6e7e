"""The photographs of a run's sources, on one side of the split, and how often each is drawn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.config import TrainingConfig
from training.datasets import Photo, read_collection
from training.splits import Split, take


@dataclass(frozen=True, slots=True)
class Shares:
    """How often something is drawn, by name; what is not named weighs 1."""

    collections: Mapping[str, float] = field(default_factory=dict)
    groups: Mapping[str, float] = field(default_factory=dict)  # of people, within a collection

    def of_collections(self, names: Sequence[str]) -> NDArray[np.float64]:
        """Return the chances of collections, summing to 1."""
        return _normed([self.collections.get(name, 1.0) for name in names])

    def of_photos(self, photos: Sequence[Photo]) -> NDArray[np.float64]:
        """Return the chances of a collection's photographs, summing to 1; none for none."""
        return _normed([self.groups.get(photo.group, 1.0) for photo in photos])


def _normed(weights: Sequence[float]) -> NDArray[np.float64]:
    chances: NDArray[np.float64] = np.array(weights, dtype=np.float64) / (sum(weights) or 1.0)
    return chances


EVEN = Shares()


def read_sources(config: TrainingConfig, split: Split) -> tuple[list[Photo], Shares]:
    """Return photographs and how often each is drawn.

    With a population to tune for, its collections weigh ``1 - replay_share`` together, all others the rest.
    """
    photos: list[Photo] = []
    shares: dict[str, float] = {}
    for folder, share in _weighted(config):
        read = read_collection(folder)
        photos += take(read, split)
        names = {photo.collection for photo in read}
        for name in names:
            shares[name] = shares.get(name, 0.0) + share / len(names)
    return photos, Shares(shares, config.group_weights)


def _weighted(config: TrainingConfig) -> list[tuple[Path, float]]:
    total = sum(source.share for source in config.data)
    if config.population is None:
        return [(source.folder, source.share / total) for source in config.data]
    old = [(source.folder, config.replay_share * source.share / total) for source in config.data]
    return [(config.population, 1 - config.replay_share), *[(f, share) for f, share in old if share > 0]]
