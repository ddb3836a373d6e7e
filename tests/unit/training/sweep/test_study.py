"""Sweeps: search space, pruning, resuming and the report."""

import csv
import dataclasses
import math
import tomllib
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import optuna
import pytest
import torch
from optuna.trial import TrialState
from typer.testing import CliRunner

from pipeline.cli import cli
from training.config import TrainingConfig, read_config
from training.errors import OptionsChangedError
from training.history import HISTORY_FILE, read_history
from training.run import STATE_FILE
from training.sources import EVEN
from training.sweep import study
from training.sweep.plots import axis_position
from training.sweep.report import MIN_TRIALS_FOR_IMPORTANCE, importances, with_values, write_report
from training.sweep.space import SPACE, Range, sample_point, trial_config
from training.sweep.study import EVALUATIONS, Sweep

CPU = torch.device("cpu")
PLAN = """# a run for tests
network = "efficientnet_lite0"
imagenet = false
run = "runs/tiny"
minutes = 1.0 # of a core
batch_pairs = 1
learning_rate = 1e-3 # as measured
warmup = 0.1
weight_decay = 0.02
ema_decay = 0.9
clip_norm = 2.0
validation_pairs = 2

[origin]
licence = "none"
data = "a portrait"

[[data]]
folder = "shards"

[[phases]]
until = 1.0
size = 32
strength = 0.0
"""


@pytest.fixture
def plan(tmp_path) -> Path:
    path = tmp_path / "plan.toml"
    path.write_text(PLAN)
    return path


class QuickTrainer:
    """Reach an AUC that depends only on the learning rate; diverge above a learning rate of 0.04."""

    def __init__(self, config: TrainingConfig, device: torch.device, report: object) -> None:
        self.config, self.done = config, 0.0
        saved = config.run / STATE_FILE
        if saved.exists():
            self.done = float(saved.read_text())

    def train(self, *, until: float) -> SimpleNamespace:
        self.done = until
        rate = self.config.learning_rate
        best = 1 - abs(math.log10(rate) + 3) / 10
        loss = "NaN" if rate > 0.04 else f"{1 - best}"
        line = (
            f'{{"validation/auc": {best * until}, "validation/loss": {loss}, "validation/accuracy": 0.5}}\n'
        )
        with (self.config.run / HISTORY_FILE).open("a") as file:
            file.write(line)
        (self.config.run / STATE_FILE).write_text(str(until))
        return SimpleNamespace(pictures=int(until * 100), seconds=until)


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(study, "Trainer", QuickTrainer)


def silent(*_: object) -> None: ...


@pytest.mark.parametrize(
    ("minutes", "length"),
    [(None, {"epochs": 5.0, "minutes": None}), (10.0, {"epochs": None, "minutes": 2.5})],
)
def test_epochs_are_epochs_or_a_share_of_the_longest_trial(plan, tmp_path, minutes, length):
    point = {"learning_rate": 0.01, "weight_decay": 0.006, "dropout": 0.5, "epochs": 5}
    config = trial_config(read_config(plan), point, tmp_path, minutes)
    assert {"epochs": config.epochs, "minutes": config.minutes} == length
    assert (config.learning_rate, config.weight_decay, config.dropout) == (0.01, 0.006, 0.5)
    assert (config.run, config.network) == (tmp_path, "efficientnet_lite0")


def test_points_are_sampled_from_the_ranges_of_the_origin_project():
    points = [sample_point(optuna.create_study().ask()) for _ in range(20)]
    assert all(SPACE[name].low <= point[name] <= SPACE[name].high for point in points for name in SPACE)
    assert {(name, bounds.low, bounds.high) for name, bounds in SPACE.items()} == {
        ("learning_rate", 0.0001, 0.05),
        ("weight_decay", 0.005, 0.01),
        ("dropout", 0.2, 0.75),
        ("epochs", 2, 20),
    }


@pytest.mark.parametrize(
    ("value", "bounds", "share"),
    [(0.01, Range(0.001, 0.1, log=True), 0.5), (2, Range(2, 20), 0.0), (0.75, Range(0.25, 0.75), 1.0)],
)
def test_parallel_axes_use_the_scale_of_the_range(value, bounds, share):
    assert axis_position(value, bounds) == pytest.approx(share)


def test_sweep_prunes_bad_trials_and_writes_a_report(plan, tmp_path, quick):
    # given a sweep of 25 trials
    out = tmp_path / "sweep"
    sweep = Sweep(read_config(plan), out, CPU, minutes=1.0)
    sweep.study.sampler = optuna.samplers.TPESampler(seed=1)
    # when it is run and reported
    sweep.run(25, silent, lambda trial: None)
    write_report(sweep.study, plan, out)
    # then some trials are pruned, none at its first evaluation, and all diverged trials are pruned
    trials = sweep.study.trials
    pruned = [trial for trial in trials if trial.state is TrialState.PRUNED]
    assert len(trials) == 25
    assert 0 < len(pruned) < 25
    assert {trial.user_attrs["ended for"] for trial in pruned} <= {"below the median", "no finite loss"}
    assert all(len(trial.intermediate_values) != 1 for trial in pruned)
    assert all(trial.state is TrialState.PRUNED for trial in trials if trial.params["learning_rate"] > 0.04)
    assert not list(out.rglob(STATE_FILE))
    # and the best trial is written as a run
    best = sweep.study.best_trial
    written = tomllib.loads((out / "best.toml").read_text())
    assert {name: written[name] for name in SPACE if name != "epochs"}.items() <= best.params.items()
    assert written["minutes"] == best.params["epochs"] / 20
    assert ("epochs" in written, written["run"], written["origin"]) == (
        False,
        "runs/tiny-best",
        {"licence": "none", "data": "a portrait"},
    )
    assert read_config(out / "best.toml").minutes == written["minutes"]
    # and all trials are in the table and on the page
    with (out / "trials.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["trial"]) for row in rows] == [trial.number for trial in trials]
    page = (out / "index.html").read_text()
    assert page.count("<tr class") == 25
    assert "<svg" in page
    assert "lasts 1.0 minutes" in page


def test_learning_rate_is_the_most_important(plan, tmp_path, quick):
    sweep = Sweep(read_config(plan), tmp_path / "sweep", CPU)
    sweep.study.pruner, sweep.study.sampler = optuna.pruners.NopPruner(), optuna.samplers.TPESampler(seed=1)
    sweep.run(MIN_TRIALS_FOR_IMPORTANCE - 2, silent, silent)
    assert importances(sweep.study) == {}
    sweep.run(30, silent, silent)
    shares = importances(sweep.study)
    assert max(shares, key=shares.__getitem__) == "learning_rate"
    assert sum(shares.values()) == pytest.approx(1)


def test_a_later_call_continues_the_sweep(plan, tmp_path, quick):
    for trials in (2, 5, 5):
        sweep = Sweep(read_config(plan), tmp_path / "sweep", CPU)
        sweep.run(trials, silent, silent)
        assert sweep.ended == trials


def test_two_sweeps_share_a_folder(plan, tmp_path, quick):
    sweeps = [Sweep(read_config(plan), tmp_path / "sweep", CPU) for _ in range(2)]
    with ThreadPoolExecutor(2) as threads:
        for future in [threads.submit(sweep.run, 10, silent, silent) for sweep in sweeps]:
            future.result()
    trials = sweeps[0].study.trials
    assert 10 <= len(trials) <= 11  # one sweep can still be in a trial when the other ends the last one
    assert sorted({trial.user_attrs["folder"] for trial in trials}) == [
        f"{n:03d}" for n in range(len(trials))
    ]


def test_command_prints_each_trial_and_the_report(plan, tmp_path, quick, monkeypatch):
    monkeypatch.setitem(
        SPACE, "learning_rate", Range(2e-3, 2e-2, log=True)
    )  # no trial diverges or reaches an AUC of 1
    out = tmp_path / "sweep"
    arguments = ["sweep", str(plan), "--out", str(out), "--trials", "2", "--minutes", "0.5"]
    outcome = CliRunner().invoke(cli, arguments, catch_exceptions=False, env={"COLUMNS": "200"})
    assert outcome.exit_code == 0
    assert "trial 0, auc 0." in outcome.output
    assert "trial 1, auc 0." in outcome.output
    assert outcome.output.endswith(f"the best run is {out}/best.toml.\n")
    assert sorted(path.name for path in out.iterdir()) == [
        "best.toml",
        "index.html",
        "journal.log",
        "sweep.svg",
        "trials",
        "trials.csv",
    ]


def test_a_folder_belongs_to_one_plan(plan, tmp_path):
    Sweep(read_config(plan), tmp_path / "sweep", CPU, minutes=1.0)
    with pytest.raises(OptionsChangedError, match="another warmup, minutes of a trial; use the same"):
        Sweep(read_config(plan, warmup=0.2), tmp_path / "sweep", CPU, minutes=2.0)


def test_a_trial_of_a_dead_process_is_resumed(plan, tmp_path, quick, monkeypatch):
    # given a process that died in a trial, after two evaluations
    sweep = Sweep(read_config(plan), tmp_path / "sweep", CPU)
    sweep.study.enqueue_trial({"learning_rate": 0.001})  # one in thirty drawn at random diverges
    abandoned = sweep.study.ask()
    point = sample_point(abandoned)
    abandoned.set_user_attr("folder", "000")
    folder = tmp_path / "sweep" / "trials" / "000"
    folder.mkdir(parents=True)
    (folder / STATE_FILE).write_text("0.4")
    # when another process starts within the grace period, then the trial counts as running
    Sweep(read_config(plan), tmp_path / "sweep", CPU).requeue_abandoned()
    assert sweep.study.trials[0].state is TrialState.RUNNING
    # when it starts after the grace period
    monkeypatch.setattr(study, "GRACE_PERIOD", timedelta(0))
    sweep.run(1, silent, silent)
    # then the trial is completed from its saved state
    first, resumed = sweep.study.trials
    assert (first.state, resumed.state) == (TrialState.FAIL, TrialState.COMPLETE)
    assert (resumed.params, resumed.user_attrs["folder"]) == (point, "000")
    assert sorted(resumed.intermediate_values) == [3, 4, EVALUATIONS]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"learning_rate": "0.002"},
            "a = 1 # why\nlearning_rate = 0.002 # as measured\n[b]\nlearning_rate = 3\n",
        ),
        ({"a": None}, "learning_rate = 1e-3 # as measured\n[b]\nlearning_rate = 3\n"),
        ({"new": "5"}, "new = 5\na = 1 # why\nlearning_rate = 1e-3 # as measured\n[b]\nlearning_rate = 3\n"),
        ({"a": '"x"'}, 'a = "x" # why\nlearning_rate = 1e-3 # as measured\n[b]\nlearning_rate = 3\n'),
    ],
)
def test_the_best_run_keeps_comments_and_order(changes, expected):
    plan = "a = 1 # why\nlearning_rate = 1e-3 # as measured\n[b]\nlearning_rate = 3\n"
    assert with_values(plan, changes) == expected


def test_sweep_with_a_real_network(plan, photo, tmp_path, monkeypatch):
    # given two photographs of two people, and a trial of three epochs
    photos = [photo, dataclasses.replace(photo, unit="p2")]
    for module in ("train", "journal"):
        monkeypatch.setattr(f"training.{module}.read_sources", lambda *_: (photos, EVEN))
    out = tmp_path / "sweep"
    plan.write_text(PLAN.replace("minutes = 1.0", "epochs = 4.0"))
    sweep = Sweep(read_config(plan), out, CPU)
    point = {"learning_rate": 1e-3, "weight_decay": 0.006, "dropout": 0.3, "epochs": 3}
    sweep.study.enqueue_trial(point)
    # when it is run
    shares: list[float] = []
    sweep.run(1, lambda _, report: shares.append(report.done), silent)
    write_report(sweep.study, plan, out)
    # then it was evaluated after each fifth of its schedule, and is in the report
    [trial] = sweep.study.trials
    assert (trial.state, trial.params) == (TrialState.COMPLETE, point)
    assert sorted(trial.intermediate_values) == list(range(1, EVALUATIONS + 1))
    assert trial.value == read_history(out / "trials" / "000")[-1]["validation/auc"]
    assert trial.user_attrs["pictures"] == 12  # three epochs of two photographs, a pair each
    assert shares == sorted(shares)
    best = read_config(out / "best.toml")
    assert (best.learning_rate, best.epochs, best.minutes) == (1e-3, 3.0, None)
    assert "<svg" in (out / "index.html").read_text()
