"""What a run tells while it goes on: losses, looks at held-out people, plots; it changes nothing."""

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
    """Where a run stands: the share done, pictures seen, and new figures (``train/…``, ``validation/…``)."""

    done: float
    pictures: int
    seconds: float
    figures: dict[str, float]


class Losses(NamedTuple):
    """What a step lost: by verdicts and, where it also learns where, by cells. Scalars, without gradients."""

    verdicts: torch.Tensor
    cells: torch.Tensor | None


Reporter = Callable[[Report], None]


class Journal:
    """The journal of the one process that keeps it (rank 0); the others keep :class:`NoJournal`."""

    def __init__(self, config: TrainingConfig, run: Run, device: torch.device, report: Reporter) -> None:
        self._config, self._run, self._device, self._report = config, run, device, report
        self._history = History(config.run)
        photos, shares = read_sources(config, Split.CALIBRATION)
        self._validation = Validation.draw(
            PairMaker(photos, shares), config.validation_pairs, find_network(config.network)
        )
        looks = [line["pictures"] for line in read_history(config.run) if "validation/auc" in line]
        self._looked = int(looks[-1]) if looks else 0

    def step(self, done: float) -> None:
        """Say how far the run is."""
        self._report(Report(done, self._run.pictures, self._run.seconds, {}))

    def losses(self, done: float, newest: Sequence[Losses], rate: float) -> None:
        """Write the means of the newest losses."""
        figures = {"train/loss": float(torch.stack([loss.verdicts for loss in newest]).mean())}
        cells = [loss.cells for loss in newest if loss.cells is not None]
        if cells:
            figures["train/cells"] = float(torch.stack(cells).mean())
        self._write(done, figures | {"train/learning_rate": rate})

    def look(self, done: float, *, last: bool = False) -> None:
        """Measure the averaged weights on held-out people, where that is due or the run is over."""
        if self._run.pictures - self._looked < (1 if last else self._config.validate_every):
            return
        self._looked = self._run.pictures
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
    """Says nothing: what the other processes of a run keep."""

    def __init__(self) -> None:
        """Open nothing."""

    def step(self, done: float) -> None: ...

    def losses(self, done: float, newest: Sequence[Losses], rate: float) -> None: ...

    def look(self, done: float, *, last: bool = False) -> None: ...

    def close(self) -> None: ...
