"""Ask several models about the same pictures: each is made once, cut out and scored as serving does it."""

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
from training.evaluation.answers import Answers
from training.evaluation.framing import fitted
from training.evaluation.progress import Follow, unfollowed
from training.evaluation.trials import Known, Trial

# Threads that make pictures while the networks work; OpenCV and FFmpeg leave the interpreter to others.
WORKERS = min(os.cpu_count() or 1, 8)
AHEAD = 2 * WORKERS  # photographs made ahead of the networks, about 10 MB each

Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class Model:
    """A model under test; ``name`` is its own among those compared."""

    name: str
    card: ModelCard
    scorer: FaceScorer

    def score(self, regions: Iterable[FaceRegion]) -> list[float]:
        """Return the calibrated probability of forgery for each (picture, face box)."""
        margin = self.card.crop_margin
        return self.scorer.score((image, fitted(box, image.shape, margin)) for image, box in regions)


def load_models(folders: Sequence[Path], device: str) -> list[Model]:
    """Return the models in these folders, named by card and, where two are alike, by folder.

    Raises :class:`~inference.errors.CheckpointError`, :class:`~inference.errors.DeviceUnavailableError`.
    """
    checkpoints = [load_checkpoint(folder) for folder in folders]
    names = [f"{checkpoint.card.name} {checkpoint.card.version}" for checkpoint in checkpoints]
    distinct = [
        f"{name} ({folder})" if names.count(name) > 1 else name
        for name, folder in zip(names, folders, strict=True)
    ]
    return [_on(device, checkpoint, name) for checkpoint, name in zip(checkpoints, distinct, strict=True)]


def _on(device: str, checkpoint: Checkpoint, name: str) -> Model:
    return Model(name, checkpoint.card, FaceScorer(checkpoint, choose_device(device)))


def ask(
    models: Sequence[Model],
    jobs: Sequence[Callable[[], list[Trial]]],
    description: str,
    follow: Follow = unfollowed,
    watch: Callable[[Trial, dict[str, float]], None] | None = None,
) -> Answers:
    """Return what the models say of every trial that the jobs, one a photograph, make.

    ``watch`` sees each trial with its scores while its pixels are there.
    """
    known: list[Known] = []
    scores: dict[str, list[float]] = {model.name: [] for model in models}
    for asked in follow(made_ahead(jobs), total=len(jobs), description=description):
        for model in models:
            scores[model.name] += model.score((trial.image, trial.box) for trial in asked)
        if watch:
            for place, trial in enumerate(asked, start=len(known)):
                watch(trial, {name: given[place] for name, given in scores.items()})
        known += [trial.known for trial in asked]
    return Answers.of(known, scores)


def made_ahead(jobs: Iterable[Callable[[], Made]]) -> Iterator[Made]:
    """Yield the results in order, a few of them made ahead in threads; no more than that are held."""
    waiting = iter(jobs)
    with ThreadPoolExecutor(WORKERS) as pool:
        pending: deque[Future[Made]] = deque(pool.submit(job) for job in islice(waiting, AHEAD))
        while pending:
            made = pending.popleft().result()
            pending.extend(pool.submit(job) for job in islice(waiting, 1))
            yield made
