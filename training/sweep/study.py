"""The trials of a sweep, in a folder that several processes may share and that a later call goes on with.

Each trial trains up to a fifth of its schedule at a time; after each fifth its averaged weights are measured
on held-out people, and a trial below the median of the others at the same point ends there.
"""

import math
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import optuna
import torch
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial, TrialState

from training.config import TrainingConfig
from training.errors import OptionsChangedError
from training.history import read_history
from training.journal import Report
from training.locking import held, is_held
from training.run import STATE_FILE
from training.sweep.space import draw, trial_config
from training.train import Trainer

LOOKS = 5  # at a trial
MEASURE = "validation/auc"
ENDED = (TrialState.COMPLETE, TrialState.PRUNED)
FREE_TRIALS = 5  # that no other ends: a median of less says little
FREE_LOOKS = 2  # the first look at a trial, which falls into its warm-up, does not end it
# A process that just began a trial may not hold its folder yet; after so long it does, or it is dead.
GRACE = timedelta(seconds=60)

Watcher = Callable[[int, Report], None]
Listener = Callable[[FrozenTrial], None]


class Sweep:
    """A sweep around the run ``base`` in the folder ``out``.

    ``minutes`` is how long the longest trial lasts, as in `space`; None takes the run's own length for it,
    where that is in minutes.
    """

    def __init__(
        self, base: TrainingConfig, out: Path, device: torch.device, minutes: float | None = None
    ) -> None:
        """Raises :class:`~training.errors.OptionsChangedError` if ``out`` was begun with another run."""
        self.base, self.out, self.device = base, out, device
        self.minutes = base.minutes if minutes is None else minutes
        out.mkdir(parents=True, exist_ok=True)
        self.study = open_study(out)
        plan = {**base.model_dump(mode="json", exclude={"run"}), "minutes of a trial": self.minutes}
        begun = self.study.user_attrs.get("plan", plan)
        if begun != plan:
            changed = ", ".join(name for name in plan if begun.get(name) != plan[name])
            raise OptionsChangedError(
                f"{out} was begun with another {changed}: give the same, or another folder to sweep in"
            )
        self.study.set_user_attr("plan", plan)

    def run(self, trials: int, watch: Watcher, ended: Listener) -> None:
        """Go on until ``trials`` have ended, those of other processes and earlier calls among them.

        ``watch`` is told where the present trial stands, ``ended`` of each trial that this process ended.
        """

        def next_or_stop(study: optuna.Study, trial: FrozenTrial) -> None:
            ended(trial)
            self.take_up_abandoned()
            if self.ended >= trials:
                study.stop()

        self.take_up_abandoned()
        if self.ended < trials:
            self.study.optimize(lambda trial: self._value(trial, watch), callbacks=[next_or_stop])

    @property
    def ended(self) -> int:
        """How many trials have a value or were ended early."""
        return len(self.study.get_trials(deepcopy=False, states=ENDED))

    def take_up_abandoned(self) -> None:
        """Queue again, where they stood, the trials whose process was killed or interrupted."""
        waiting = {_folder(trial) for trial in self.study.get_trials(states=(TrialState.WAITING,))}
        for trial in self.study.get_trials(states=(TrialState.RUNNING, TrialState.FAIL)):
            folder = self.out / "trials" / _folder(trial)
            begun = trial.datetime_start or datetime.now()  # noqa: DTZ005  (optuna's clock has no zone)
            if datetime.now() - begun < GRACE or is_held(folder):  # noqa: DTZ005
                continue
            if trial.state is TrialState.RUNNING:
                self.study.tell(trial.number, state=TrialState.FAIL)
            if (folder / STATE_FILE).exists() and folder.name not in waiting:
                self.study.enqueue_trial(trial.params, user_attrs={"folder": folder.name})
                waiting.add(folder.name)

    def _value(self, trial: optuna.Trial, watch: Watcher) -> float:
        """Train one trial and return its AUC on held-out people; raises ``optuna.TrialPruned``."""
        point = draw(trial)
        folder = self.out / "trials" / trial.user_attrs.get("folder", f"{trial.number:03d}")
        with held(folder):
            trial.set_user_attr("folder", folder.name)
            config = trial_config(self.base, point, folder, self.minutes)
            trainer = Trainer(config, self.device, lambda report: watch(trial.number, report))
            value = math.nan
            for look in range(1, LOOKS + 1):
                if trainer.done < look / LOOKS or look == LOOKS:
                    value = self._look(trial, trainer, look)
            (folder / STATE_FILE).unlink(missing_ok=True)  # half a gigabyte, of no use to a finished trial
        return value

    def _look(self, trial: optuna.Trial, trainer: Trainer, look: int) -> float:
        run = trainer.train(until=look / LOOKS)
        figures = next(line for line in reversed(read_history(trainer.config.run)) if MEASURE in line)
        for name in ("loss", "accuracy"):
            trial.set_user_attr(name, figures[f"validation/{name}"])
        trial.set_user_attr("pictures", run.pictures)
        trial.set_user_attr("seconds", round(run.seconds, 1))
        diverged = not math.isfinite(figures["validation/loss"])
        if not diverged:
            trial.report(figures[MEASURE], look)
        if diverged or (look < LOOKS and trial.should_prune()):
            trial.set_user_attr("ended at", look / LOOKS)
            trial.set_user_attr("ended for", "no finite loss" if diverged else "below the median")
            (trainer.config.run / STATE_FILE).unlink(missing_ok=True)
            raise optuna.TrialPruned
        return figures[MEASURE]


def open_study(out: Path) -> optuna.Study:
    """Return the study in ``out``, begun if there is none: TPE (Bergstra et al., 2011), median pruning."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)  # the command tells of each trial itself
    return optuna.create_study(
        study_name="sweep",
        storage=JournalStorage(JournalFileBackend(str(out / "journal.log"))),
        # Other processes try something else: they know of each other's, and share no seed.
        sampler=optuna.samplers.TPESampler(constant_liar=True),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=FREE_TRIALS, n_warmup_steps=FREE_LOOKS),
        direction="maximize",
        load_if_exists=True,
    )


def _folder(trial: FrozenTrial) -> str:
    return str(trial.user_attrs.get("folder", f"{trial.number:03d}"))
