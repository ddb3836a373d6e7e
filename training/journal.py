"""Report the progress of a run: losses, validation metrics and plots."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

import torch

from inference.networks import find_network
from training.config import TrainingConfig
from training.history import History, read_history
from training.pairs import PairMaker
from training.plots import draw_run
from training.run import Run
from training.sources import read_sources
from training.splits import Split
from training.validation import Validation


@dataclass(frozen=True, slots=True)
class Report:
    """Progress of a run; ``figures`` are the new metrics (``train/...``, ``validation/...``)."""

    done: float
    pictures: int
    seconds: float
    figures: dict[str, float]


class Losses(NamedTuple):
    """The losses of a step, scalars without gradients; ``localisation`` is None if it is not trained."""

    classification: torch.Tensor
    localisation: torch.Tensor | None


Reporter = Callable[[Report], None]


class Journal:
    """The journal of rank 0; the other processes use :class:`NoJournal`."""

    def __init__(self, config: TrainingConfig, run: Run, device: torch.device, report: Reporter) -> None:
        self._config, self._run, self._device, self._report = config, run, device, report
        self._history = History(config.run)
        photos, shares = read_sources(config, Split.CALIBRATION)
        self._validation = Validation.draw(
            PairMaker(photos, shares), config.validation_pairs, find_network(config.network)
        )
        validated = [line["pictures"] for line in read_history(config.run) if "validation/auc" in line]
        self._validated_at = int(validated[-1]) if validated else 0

    def step(self, done: float) -> None:
        """Report the share done."""
        self._report(Report(done, self._run.pictures, self._run.seconds, {}))

    def losses(self, done: float, latest: Sequence[Losses], rate: float) -> None:
        """Write the means of the latest losses."""
        figures = {"train/loss": float(torch.stack([loss.classification for loss in latest]).mean())}
        localisation = [loss.localisation for loss in latest if loss.localisation is not None]
        if localisation:
            figures["train/cells"] = float(torch.stack(localisation).mean())
        self._write(done, figures | {"train/learning_rate": rate})

    def validate(self, done: float, *, last: bool = False) -> None:
        """Validate the averaged weights on held-out people, if that is due or this is the ``last`` call."""
        if self._run.pictures - self._validated_at < (1 if last else self._config.validate_every):
            return
        self._validated_at = self._run.pictures
        self._write(done, self._validation.figures(self._run.average, self._device))
        draw_run(read_history(self._config.run), self._config.run / "progress.svg")

    def close(self) -> None:
        self._history.close()

    def _write(self, done: float, figures: dict[str, float]) -> None:
        self._history.write(self._run.pictures, figures)
        self._report(Report(done, self._run.pictures, self._run.seconds, figures))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class NoJournal(Journal):
    """A journal without output, for the other processes of a run."""

    def __init__(self) -> None:
        """Open nothing."""

    def step(self, done: float) -> None: ...

    def losses(self, done: float, latest: Sequence[Losses], rate: float) -> None: ...

    def validate(self, done: float, *, last: bool = False) -> None: ...

    def close(self) -> None: ...
