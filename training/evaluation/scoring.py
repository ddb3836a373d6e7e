"""Score the same pictures with several models: each picture is made once and cropped as in production."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TypeVar

from inference.card import ModelCard
from inference.checkpoint import Checkpoint, load_checkpoint
from inference.device import choose_device
from inference.scoring import FaceRegion, FaceScorer
from training.evaluation.framing import fit_box
from training.evaluation.predictions import Predictions
from training.evaluation.progress import TrackProgress, untracked
from training.evaluation.trials import Trial, TrialMetadata

# Threads that make pictures while the networks run; OpenCV and FFmpeg release the GIL.
WORKERS = min(os.cpu_count() or 1, 8)
PREFETCHED_PHOTOS = 2 * WORKERS  # about 10 MB each

Product = TypeVar("Product")


@dataclass(frozen=True, slots=True)
class Model:
    """A model under test; ``name`` is unique among the compared models."""

    name: str
    card: ModelCard
    scorer: FaceScorer

    def score(self, regions: Iterable[FaceRegion]) -> list[float]:
        """Return the calibrated probability of forgery for each (picture, face box)."""
        margin = self.card.crop_margin
        return self.scorer.score((image, fit_box(box, image.shape, margin)) for image, box in regions)


def load_models(folders: Sequence[Path], device: str) -> list[Model]:
    """Return the models in these folders, named by their cards; equal names are completed by the folder.

    Raises :class:`~inference.errors.CheckpointError`, :class:`~inference.errors.DeviceUnavailableError`.
    """
    checkpoints = [load_checkpoint(folder) for folder in folders]
    names = [f"{checkpoint.card.name} {checkpoint.card.version}" for checkpoint in checkpoints]
    unique_names = [
        f"{name} ({folder})" if names.count(name) > 1 else name
        for name, folder in zip(names, folders, strict=True)
    ]
    return [
        _model(name, checkpoint, device) for name, checkpoint in zip(unique_names, checkpoints, strict=True)
    ]


def _model(name: str, checkpoint: Checkpoint, device: str) -> Model:
    return Model(name, checkpoint.card, FaceScorer(checkpoint, choose_device(device)))


def score_trials(
    models: Sequence[Model],
    jobs: Sequence[Callable[[], list[Trial]]],
    description: str,
    track: TrackProgress = untracked,
    on_scored: Callable[[Trial, dict[str, float]], None] | None = None,
) -> Predictions:
    """Return every model's scores of all trials; each job makes the trials of one photograph.

    ``on_scored`` is called with each trial and its scores while its pixels are still in memory.
    """
    metadata: list[TrialMetadata] = []
    scores: dict[str, list[float]] = {model.name: [] for model in models}
    for trials in track(prefetched(jobs), total=len(jobs), description=description):
        for model in models:
            scores[model.name] += model.score((trial.image, trial.box) for trial in trials)
        if on_scored:
            for row, trial in enumerate(trials, start=len(metadata)):
                on_scored(trial, {name: column[row] for name, column in scores.items()})
        metadata += [trial.metadata for trial in trials]
    return Predictions.from_trials(metadata, scores)


def prefetched(jobs: Iterable[Callable[[], Product]]) -> Iterator[Product]:
    """Yield the results of the jobs in order; threads compute a limited number of them in advance."""
    remaining = iter(jobs)
    with ThreadPoolExecutor(WORKERS) as pool:
        pending: deque[Future[Product]] = deque(
            pool.submit(job) for job in islice(remaining, PREFETCHED_PHOTOS)
        )
        while pending:
            result = pending.popleft().result()
            pending.extend(pool.submit(job) for job in islice(remaining, 1))
            yield result
