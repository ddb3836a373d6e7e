"""A sweep: what is tried, what is ended early, and that it goes on where it was left."""

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
from training.sweep.plots import height
from training.sweep.report import FEWEST_FOR_IMPORTANCE, importances, retuned, write_report
from training.sweep.space import SPACE, Range, draw, trial_config
from training.sweep.study import LOOKS, Sweep

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
    """Reaches an AUC that the learning rate alone decides, and nothing above 0.04, where it diverges."""

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


def test_points_are_drawn_from_the_ranges_of_the_origin_project():
    found = [draw(optuna.create_study().ask()) for _ in range(20)]
    assert all(SPACE[name].low <= point[name] <= SPACE[name].high for point in found for name in SPACE)
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
def test_parallel_axes_are_logarithmic_where_the_range_is(value, bounds, share):
    assert height(value, bounds) == pytest.approx(share)


def test_sweep_ends_early_what_falls_behind_and_reports(plan, tmp_path, quick):
    # given a sweep of 25 trials
    out = tmp_path / "sweep"
    sweep = Sweep(read_config(plan), out, CPU, minutes=1.0)
    sweep.study.sampler = optuna.samplers.TPESampler(seed=1)
    # when
    sweep.run(25, silent, lambda trial: None)
    write_report(sweep.study, plan, out)
    # then some were ended early, none at its first look, and all diverged ones
    trials = sweep.study.trials
    early = [trial for trial in trials if trial.state is TrialState.PRUNED]
    assert len(trials) == 25
    assert 0 < len(early) < 25
    assert {trial.user_attrs["ended for"] for trial in early} <= {"below the median", "no finite loss"}
    assert all(len(trial.intermediate_values) != 1 for trial in early)
    assert all(trial.state is TrialState.PRUNED for trial in trials if trial.params["learning_rate"] > 0.04)
    assert not list(out.rglob(STATE_FILE))
    # and the best is a run of its own
    best = sweep.study.best_trial
    told = tomllib.loads((out / "best.toml").read_text())
    assert {name: told[name] for name in SPACE if name != "epochs"}.items() <= best.params.items()
    assert told["minutes"] == best.params["epochs"] / 20
    assert ("epochs" in told, told["run"], told["origin"]) == (
        False,
        "runs/tiny-best",
        {"licence": "none", "data": "a portrait"},
    )
    assert read_config(out / "best.toml").minutes == told["minutes"]
    # and everybody can look at it
    with (out / "trials.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["trial"]) for row in rows] == [trial.number for trial in trials]
    page = (out / "index.html").read_text()
    assert page.count("<tr class") == 25
    assert "<svg" in page
    assert "lasted 1.0 minutes" in page


def test_learning_rate_is_what_mattered(plan, tmp_path, quick):
    sweep = Sweep(read_config(plan), tmp_path / "sweep", CPU)
    sweep.study.pruner, sweep.study.sampler = optuna.pruners.NopPruner(), optuna.samplers.TPESampler(seed=1)
    sweep.run(FEWEST_FOR_IMPORTANCE - 2, silent, silent)
    assert importances(sweep.study) == {}
    sweep.run(30, silent, silent)
    found = importances(sweep.study)
    assert max(found, key=found.__getitem__) == "learning_rate"
    assert sum(found.values()) == pytest.approx(1)


def test_a_later_call_goes_on_with_the_trials_there_are(plan, tmp_path, quick):
    for wanted in (2, 5, 5):
        sweep = Sweep(read_config(plan), tmp_path / "sweep", CPU)
        sweep.run(wanted, silent, silent)
        assert sweep.ended == wanted


def test_two_may_sweep_at_once(plan, tmp_path, quick):
    sweeps = [Sweep(read_config(plan), tmp_path / "sweep", CPU) for _ in range(2)]
    with ThreadPoolExecutor(2) as threads:
        for done in [threads.submit(sweep.run, 10, silent, silent) for sweep in sweeps]:
            done.result()
    trials = sweeps[0].study.trials
    assert 10 <= len(trials) <= 11  # one may have been in a trial when the other ended the last
    assert sorted({trial.user_attrs["folder"] for trial in trials}) == [
        f"{n:03d}" for n in range(len(trials))
    ]


def test_command_tells_of_each_trial_and_where_the_report_is(plan, tmp_path, quick, monkeypatch):
    monkeypatch.setitem(SPACE, "learning_rate", Range(2e-3, 2e-2, log=True))  # none diverges or reaches 1
    out = tmp_path / "sweep"
    arguments = ["sweep", str(plan), "--out", str(out), "--trials", "2", "--minutes", "0.5"]
    said = CliRunner().invoke(cli, arguments, catch_exceptions=False, env={"COLUMNS": "200"})
    assert said.exit_code == 0
    assert "trial 0, auc 0." in said.output
    assert "trial 1, auc 0." in said.output
    assert said.output.endswith(f"{out}/best.toml is the run with the best values.\n")
    assert sorted(path.name for path in out.iterdir()) == [
        "best.toml",
        "index.html",
        "journal.log",
        "sweep.svg",
        "trials",
        "trials.csv",
    ]


def test_a_folder_is_of_one_plan(plan, tmp_path):
    Sweep(read_config(plan), tmp_path / "sweep", CPU, minutes=1.0)
    with pytest.raises(OptionsChangedError, match="another warmup, minutes of a trial: give the same"):
        Sweep(read_config(plan, warmup=0.2), tmp_path / "sweep", CPU, minutes=2.0)


def test_a_trial_whose_process_died_goes_on_where_it_stood(plan, tmp_path, quick, monkeypatch):
    # given a process that died in a trial, after two looks
    sweep = Sweep(read_config(plan), tmp_path / "sweep", CPU)
    died = sweep.study.ask()
    point = draw(died)
    died.set_user_attr("folder", "000")
    folder = tmp_path / "sweep" / "trials" / "000"
    folder.mkdir(parents=True)
    (folder / STATE_FILE).write_text("0.4")
    # when another goes on at once, then it may still live
    Sweep(read_config(plan), tmp_path / "sweep", CPU).take_up_abandoned()
    assert sweep.study.trials[0].state is TrialState.RUNNING
    # when it goes on later
    monkeypatch.setattr(study, "GRACE", timedelta(0))
    sweep.run(1, silent, silent)
    # then the trial has its end, from where it stood
    first, again = sweep.study.trials
    assert (first.state, again.state) == (TrialState.FAIL, TrialState.COMPLETE)
    assert (again.params, again.user_attrs["folder"]) == (point, "000")
    assert sorted(again.intermediate_values) == [3, 4, LOOKS]


@pytest.mark.parametrize(
    ("changes", "told"),
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
def test_the_best_run_keeps_the_plans_words(changes, told):
    plan = "a = 1 # why\nlearning_rate = 1e-3 # as measured\n[b]\nlearning_rate = 3\n"
    assert retuned(plan, changes) == told


def test_rehearsal_with_a_network_that_really_trains(plan, photo, tmp_path, monkeypatch):
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
    # then it was looked at after each fifth of its schedule, and is in the report
    [trial] = sweep.study.trials
    assert (trial.state, trial.params) == (TrialState.COMPLETE, point)
    assert sorted(trial.intermediate_values) == list(range(1, LOOKS + 1))
    assert trial.value == read_history(out / "trials" / "000")[-1]["validation/auc"]
    assert trial.user_attrs["pictures"] == 12  # three epochs of two photographs, a pair each
    assert shares == sorted(shares)
    best = read_config(out / "best.toml")
    assert (best.learning_rate, best.epochs, best.minutes) == (1e-3, 3.0, None)
    assert "<svg" in (out / "index.html").read_text()
