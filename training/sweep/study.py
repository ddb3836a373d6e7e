"""Run the trials of a sweep in a folder that several processes can share and later calls can continue.

A trial is evaluated on held-out people, with its averaged weights, after each fifth of its schedule. It is
pruned if it is below the median of the other trials at the same point.
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
from training.sweep.space import sample_point, trial_config
from training.train import Trainer

EVALUATIONS = 5  # of each trial
MEASURE = "validation/auc"
ENDED = (TrialState.COMPLETE, TrialState.PRUNED)
STARTUP_TRIALS = 5  # never pruned, because the median of fewer trials is too noisy
WARMUP_EVALUATIONS = 2  # the first evaluation is within the learning-rate warm-up, so it does not prune
# A process may need some time to lock the folder of a new trial. After this period, an unlocked folder means
# that its process has died.
GRACE_PERIOD = timedelta(seconds=60)

OnReport = Callable[[int, Report], None]
OnEnded = Callable[[FrozenTrial], None]


class Sweep:
    """A sweep that tunes the run ``base``, stored in the folder ``out``.

    ``minutes`` is the duration of the longest trial (see `space`). None uses ``base.minutes``, if it is set.
    """

    def __init__(
        self, base: TrainingConfig, out: Path, device: torch.device, minutes: float | None = None
    ) -> None:
        """Raise :class:`~training.errors.OptionsChangedError` if ``out`` was started with another run."""
        self.base, self.out, self.device = base, out, device
        self.minutes = base.minutes if minutes is None else minutes
        out.mkdir(parents=True, exist_ok=True)
        self.study = open_study(out)
        plan = {**base.model_dump(mode="json", exclude={"run"}), "minutes of a trial": self.minutes}
        stored = self.study.user_attrs.get("plan", plan)
        if stored != plan:
            changed = ", ".join(name for name in plan if stored.get(name) != plan[name])
            raise OptionsChangedError(
                f"{out} was started with another {changed}; use the same values or another folder"
            )
        self.study.set_user_attr("plan", plan)

    def run(self, trials: int, on_report: OnReport, on_ended: OnEnded) -> None:
        """Run until ``trials`` have ended, including those of other processes and earlier calls.

        ``on_report`` receives the number and progress of the current trial, ``on_ended`` each trial that this
        process ended.
        """

        def next_or_stop(study: optuna.Study, trial: FrozenTrial) -> None:
            on_ended(trial)
            self.requeue_abandoned()
            if self.ended >= trials:
                study.stop()

        self.requeue_abandoned()
        if self.ended < trials:
            self.study.optimize(lambda trial: self._value(trial, on_report), callbacks=[next_or_stop])

    @property
    def ended(self) -> int:
        """The number of completed and pruned trials."""
        return len(self.study.get_trials(deepcopy=False, states=ENDED))

    def requeue_abandoned(self) -> None:
        """Queue the trials of killed or interrupted processes again; they resume from their saved state."""
        waiting = {_folder(trial) for trial in self.study.get_trials(states=(TrialState.WAITING,))}
        for trial in self.study.get_trials(states=(TrialState.RUNNING, TrialState.FAIL)):
            folder = self.out / "trials" / _folder(trial)
            started = trial.datetime_start or datetime.now()  # noqa: DTZ005  (optuna uses naive times)
            if datetime.now() - started < GRACE_PERIOD or is_held(folder):  # noqa: DTZ005
                continue
            if trial.state is TrialState.RUNNING:
                self.study.tell(trial.number, state=TrialState.FAIL)
            if (folder / STATE_FILE).exists() and folder.name not in waiting:
                self.study.enqueue_trial(trial.params, user_attrs={"folder": folder.name})
                waiting.add(folder.name)

    def _value(self, trial: optuna.Trial, on_report: OnReport) -> float:
        """Train one trial and return its AUC on held-out people; raise ``optuna.TrialPruned`` to prune it."""
        point = sample_point(trial)
        folder = self.out / "trials" / trial.user_attrs.get("folder", f"{trial.number:03d}")
        with held(folder):
            trial.set_user_attr("folder", folder.name)
            config = trial_config(self.base, point, folder, self.minutes)
            trainer = Trainer(config, self.device, lambda report: on_report(trial.number, report))
            value = math.nan
            for step in range(1, EVALUATIONS + 1):
                if trainer.done < step / EVALUATIONS or step == EVALUATIONS:
                    value = self._evaluate(trial, trainer, step)
            (folder / STATE_FILE).unlink(missing_ok=True)  # half a gigabyte, not needed after the trial
        return value

    def _evaluate(self, trial: optuna.Trial, trainer: Trainer, step: int) -> float:
        run = trainer.train(until=step / EVALUATIONS)
        metrics = next(line for line in reversed(read_history(trainer.config.run)) if MEASURE in line)
        for name in ("loss", "accuracy"):
            trial.set_user_attr(name, metrics[f"validation/{name}"])
        trial.set_user_attr("pictures", run.pictures)
        trial.set_user_attr("seconds", round(run.seconds, 1))
        diverged = not math.isfinite(metrics["validation/loss"])
        if not diverged:
            trial.report(metrics[MEASURE], step)
        if diverged or (step < EVALUATIONS and trial.should_prune()):
            trial.set_user_attr("ended at", step / EVALUATIONS)
            trial.set_user_attr("ended for", "no finite loss" if diverged else "below the median")
            (trainer.config.run / STATE_FILE).unlink(missing_ok=True)
            raise optuna.TrialPruned
        return metrics[MEASURE]


def open_study(out: Path) -> optuna.Study:
    """Open or create the study in ``out``, with TPE (Bergstra et al., 2011) and median pruning."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)  # the command reports each trial itself
    return optuna.create_study(
        study_name="sweep",
        storage=JournalStorage(JournalFileBackend(str(out / "journal.log"))),
        # Processes account for each other's running trials and must not share a seed.
        sampler=optuna.samplers.TPESampler(constant_liar=True),
        pruner=optuna.pruners.MedianPruner(
            n_startup_trials=STARTUP_TRIALS, n_warmup_steps=WARMUP_EVALUATIONS
        ),
        direction="maximize",
        load_if_exists=True,
    )


def _folder(trial: FrozenTrial) -> str:
    return str(trial.user_attrs.get("folder", f"{trial.number:03d}"))
