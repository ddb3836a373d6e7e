"""The photographs of a run's sources, on one side of the split, and how often each collection is drawn."""

from pathlib import Path

from training.config import TrainingConfig
from training.datasets import Photo, read_collection
from training.splits import Split, take


def read_sources(config: TrainingConfig, split: Split) -> tuple[list[Photo], dict[str, float]]:
    """Return photographs and the weight of each collection.

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
    return photos, shares


def _weighted(config: TrainingConfig) -> list[tuple[Path, float]]:
    total = sum(source.share for source in config.data)
    if config.population is None:
        return [(source.folder, source.share / total) for source in config.data]
    old = [(source.folder, config.replay_share * source.share / total) for source in config.data]
    return [(config.population, 1 - config.replay_share), *[(f, share) for f, share in old if share > 0]]
