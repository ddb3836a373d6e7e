"""Read the photographs of a run's data sources and their sampling weights."""

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
    """Sampling weights by name; the default weight is 1."""

    collections: Mapping[str, float] = field(default_factory=dict)
    groups: Mapping[str, float] = field(default_factory=dict)  # of people, within a collection

    def of_collections(self, names: Sequence[str]) -> NDArray[np.float64]:
        """Return the probabilities of collections, which sum to 1."""
        return _normalised([self.collections.get(name, 1.0) for name in names])

    def of_photos(self, photos: Sequence[Photo]) -> NDArray[np.float64]:
        """Return the probabilities of a collection's photographs, which sum to 1; may be empty."""
        return _normalised([self.groups.get(photo.group, 1.0) for photo in photos])


def _normalised(weights: Sequence[float]) -> NDArray[np.float64]:
    probabilities: NDArray[np.float64] = np.array(weights, dtype=np.float64) / (sum(weights) or 1.0)
    return probabilities


EVEN = Shares()


def read_sources(config: TrainingConfig, split: Split) -> tuple[list[Photo], Shares]:
    """Return the photographs of one side of the split, and their sampling weights.

    With a population to fine-tune for, its collections get ``1 - replay_share`` of the weight, all others the
    rest.
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
    replayed = [(source.folder, config.replay_share * source.share / total) for source in config.data]
    return [
        (config.population, 1 - config.replay_share),
        *[(folder, share) for folder, share in replayed if share > 0],
    ]
