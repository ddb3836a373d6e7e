"""A training run: configuration, schedule, journal and resumption."""

import multiprocessing
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from inference.checkpoint import load_checkpoint
from inference.networks import build_network
from pipeline.cli import app
from training.batch_sources import PairBatches
from training.calibrate import averaged
from training.config import Phase, TrainingConfig, read_config
from training.errors import ConfigError
from training.history import read_history
from training.journal import Journal, Losses
from training.localisation import NetworkWithMaps
from training.locking import LOCK, held
from training.optimiser import parameter_groups
from training.pairs import PairMaker, PairStream
from training.run import Run, initial_network, start
from training.schedule import ema_decay, learning_rate
from training.sources import EVEN
from training.train import Trainer, train_step

RUNS = Path(__file__).parents[3] / "training" / "runs"
SHIPPED = RUNS.parents[1] / "models" / "fakeme-detector-lite0"
CPU = torch.device("cpu")


@pytest.mark.parametrize("plan", sorted(RUNS.glob("*.toml")), ids=lambda path: path.stem)
def test_each_run_that_is_shipped_can_be_read(plan):
    assert read_config(plan).phases[-1].until == 1.0


@pytest.mark.parametrize(
    ("progress", "rate"),
    [(0.0, 0.01), (0.05, 0.5), (0.1, 1.0), (0.55, 0.505), (1.0, 0.01), (1.2, 0.01)],
)
def test_rate_warms_up_then_decays_as_a_cosine(progress, rate):
    assert learning_rate(progress, peak=1.0, warmup=0.1) == pytest.approx(rate)


def test_average_has_a_low_decay_at_first():
    assert [round(ema_decay(step, longest=0.99), 2) for step in (0, 8, 10_000)] == [0.1, 0.5, 0.99]


@pytest.mark.parametrize(("progress", "size"), [(0.0, 32), (0.49, 32), (0.5, 64), (0.8, 64), (1.0, 64)])
def test_pictures_grow_in_the_course_of_the_run(config, progress, size):
    assert config.phase_at(progress).size == size


@pytest.mark.parametrize(
    ("length", "share"), [({"minutes": 2.0, "epochs": None}, 0.25), ({"epochs": 5.0}, 0.4)]
)
def test_progress_is_of_minutes_or_of_epochs(config, length, share):
    plan = config.model_copy(update=length)
    assert plan.progress(pictures=40, seconds=30.0, photographs=10) == pytest.approx(share)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"minutes": 3.0}, "give one of the two"),
        ({"epochs": None}, "give one of the two"),
        ({"phases": [{"until": 0.5, "size": 64, "strength": 0}]}, "the last at 1.0"),
        ({"phases": [{"until": 1, "size": 64, "window": 96, "strength": 0}]}, "larger than the crops"),
    ],
)
def test_invalid_config_is_refused(config, change, reason):
    with pytest.raises(ValueError, match=reason):
        TrainingConfig.model_validate(config.model_dump() | change)


def test_invalid_file_is_named(tmp_path):
    (tmp_path / "plan.toml").write_text("network = 7")
    with pytest.raises(ConfigError, match=r"plan\.toml does not describe a run"):
        read_config(tmp_path / "plan.toml")
    with pytest.raises(ConfigError, match="give a TOML file"):
        read_config(tmp_path / "missing.toml")


def test_early_stages_learn_slower_and_norms_do_not_decay(config):
    # given a rate that halves from stage to stage
    network = build_network("efficientnet_lite0")
    groups = parameter_groups(network, config.model_copy(update={"layer_decay": 0.5}))

    # then the head has the full rate, the first stage the lowest, and each parameter is in one group
    scale = {id(p): g["scale"] for g in groups for p in g["params"]}
    assert scale[id(network.classifier[1].weight)] == 1.0
    assert scale[id(network.features[-3].weight)] == 0.5
    assert scale[id(network.features[0].weight)] == min(scale.values())
    assert len(scale) == len(list(network.parameters()))
    assert {g["weight_decay"] for g in groups for p in g["params"] if p.ndim == 1} == {0.0}


def test_streams_are_reproducible_by_seed(photo):
    phase = Phase(until=1.0, size=64, strength=1.0)
    streams = [iter(PairStream(PairMaker([photo]), phase, (1, rank))) for rank in (0, 0, 1)]
    first, again, other = (next(stream)[0] for stream in streams)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_maker_of_pairs_is_not_forked_from_a_process_with_threads(config, photo):
    # given a started stream, in a process that may have threads
    stream = PairBatches([photo], EVEN, config).of(config.phases[0], (1,))
    batch = next(stream)

    # then its process is not forked: a forked one can deadlock on copied locks
    assert batch.labels.tolist() == [0, 1]
    children = {type(child).__name__ for child in multiprocessing.active_children()}
    stream.close()
    assert children == {"ForkServerProcess"}


@pytest.mark.parametrize("fold", [False, True])
def test_run_learns_and_resumes_where_it_stopped(config, fold, batch, tmp_path):
    # given a run of two steps
    plan = config.model_copy(update={"fold_norms": fold})
    run = start(plan, CPU)
    for _ in range(2):
        assert torch.isfinite(
            train_step(run, NetworkWithMaps(run.network), batch, plan, rate=1e-3).classification
        )
    run.save(tmp_path)

    # when another run resumes it
    resumed = start(plan, CPU)
    assert resumed.resume(tmp_path)

    # then it has the same state
    assert resumed.step == 2
    for name, value in run.average.state_dict().items():
        assert torch.equal(resumed.average.state_dict()[name], value), name


def test_network_can_overfit_one_batch(config, batch):
    # given a network with folded norms, and two pictures of each kind
    plan = config.model_copy(update={"fold_norms": True, "dropout": 0.0, "init": SHIPPED})
    run = start(plan, CPU)

    # when it is trained on them repeatedly
    losses = [
        float(train_step(run, NetworkWithMaps(run.network), batch, plan, rate=1e-4).classification)
        for _ in range(12)
    ]

    # then the loss has halved
    assert losses[-1] < 0.5 * losses[0]


def test_training_ends_with_its_epochs_and_a_second_start_finds_nothing_to_do(config, sources):
    # when a plan of four epochs over two photographs is trained, and started again afterwards
    reports = []
    first = Trainer(config, CPU, reports.append).train()
    again = Trainer(config, CPU, reports.append).train()

    # then it used each photograph and a forgery of it four times
    assert (first.pictures, first.step) == (16, 8)
    assert (again.pictures, again.seconds) == (first.pictures, first.seconds)
    assert reports[0].done == 0.0
    validated = [line["pictures"] for line in read_history(config.run) if "validation/auc" in line]
    assert validated == [16]
    assert (config.run / "progress.svg").read_text().startswith("<?xml")


def test_journal_reports_both_losses(config, sources):
    # given losses of two steps of a run with localisation
    config.run.mkdir()
    steps = [Losses(torch.tensor(0.5), torch.tensor(0.2)), Losses(torch.tensor(0.7), torch.tensor(0.4))]
    reports = []
    with Journal(config, start(config, CPU), CPU, reports.append) as journal:
        journal.losses(0.5, steps, 1e-3)
        journal.losses(0.6, [Losses(torch.tensor(0.5), None)], 1e-3)

    # then their means are written, the localisation loss only if there is one
    lines = read_history(config.run)
    assert lines[0]["train/loss"] == pytest.approx(0.6)
    assert lines[0]["train/cells"] == pytest.approx(0.3)
    assert "train/cells" not in lines[1]
    assert [report.figures for report in reports] == [
        {k: v for k, v in line.items() if "/" in k} for line in lines
    ]


def test_stopped_run_is_resumed(config, sources):
    # given a run that was stopped halfway
    Trainer(config, CPU, lambda _: None).train(until=0.5)
    halves = Trainer(config, CPU, lambda _: None).train()

    # then it did all of its steps, once
    assert (halves.pictures, halves.step) == (16, 8)


def test_piece_of_a_run_ends_in_time(config, sources):
    piece = Trainer(config, CPU, lambda _: None).train(seconds=0.0)
    assert piece.step == 1
    assert (config.run / "state.pt").exists()


def test_pieces_of_a_run_share_one_stream(config, sources, monkeypatch):
    # given a run in pieces, as in a sweep
    trainer, started = Trainer(config, CPU, lambda _: None), []
    stream = trainer.source.of
    monkeypatch.setattr(
        trainer.source, "of", lambda *arguments: started.append(arguments) or stream(*arguments)
    )
    for until in (0.25, 0.5, 1.0):
        trainer.train(until=until)

    # then each phase started its process once
    assert len(started) == len(config.phases)
    assert trainer.run.step == 8


@pytest.fixture
def locked_plan(tmp_path) -> Iterator[Path]:
    """The plan of a run whose folder ``run`` another process writes."""
    plan = tmp_path / "plan.toml"
    text = (RUNS / "v2s-rehearsal.toml").read_text()
    plan.write_text(re.sub(r"^run = .*$", f'run = "{tmp_path / "run"}"', text, flags=re.MULTILINE))
    with held(tmp_path / "run"):
        yield plan


def assert_refused(run: Path, code: int, stderr: str) -> None:
    """Assert that the command failed with one line and wrote nothing."""
    assert code == 2
    assert stderr.startswith(f"error: another process writes {run}; wait")
    assert [path.name for path in run.iterdir()] == [LOCK]


def test_second_start_of_a_run_is_refused(locked_plan, monkeypatch, capsys):
    code = fakeme(monkeypatch, "train", str(locked_plan), "--processes", "1")
    assert_refused(locked_plan.parent / "run", code, capsys.readouterr().err)


def test_second_start_of_a_run_with_a_process_for_each_core_is_refused(locked_plan):
    command = [sys.executable, "-m", "pipeline", "train", str(locked_plan), "--processes", "2"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert_refused(locked_plan.parent / "run", ended.returncode, ended.stderr)


def fakeme(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """Run a `fakeme` command in this process and return its exit code."""
    monkeypatch.setattr(sys, "argv", ["fakeme", *arguments])
    with pytest.raises(SystemExit) as ended:
        app()
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_run_starts_from_a_shipped_model(config):
    # given the default model as initial weights
    network = initial_network(config.model_copy(update={"init": SHIPPED}))

    # then its logits are those of that model
    pixels = torch.rand(2, 3, 64, 64)
    with torch.inference_mode():
        assert torch.equal(network.eval()(pixels), load_checkpoint(SHIPPED).network(pixels))


def test_exported_weights_are_interpolated(config, batch):
    # given a trained run with a quarter of its initial weights kept
    plan = config.model_copy(update={"fold_norms": True, "init": SHIPPED, "init_share": 0.25})
    run = start(plan, CPU)
    before = run.average.classifier[1].weight.clone()
    train_step(run, NetworkWithMaps(run.network), batch, plan, rate=1e-2)
    plan.run.mkdir()
    run.save(plan.run)

    # then what is shipped lies a quarter of the way back
    after, shipped = run.average.classifier[1].weight, averaged(plan).classifier[1].weight
    assert not torch.equal(after, before)
    torch.testing.assert_close(shipped, 0.75 * after + 0.25 * before)


def test_command_reports_an_invalid_config(tmp_path, monkeypatch, capsys):
    plan = tmp_path / "plan.toml"
    plan.write_text("network = 7")
    assert fakeme(monkeypatch, "train", str(plan)) == 2
    assert capsys.readouterr().err.startswith(f"error: {plan} does not describe a run")


def test_average_of_a_run_is_moved_not_replaced(config):
    run: Run = start(config, CPU)
    before = run.average.classifier[1].weight.clone()
    with torch.no_grad():
        run.network.classifier[1].weight.add_(1.0)
    run.step = 10_000
    run.update_average(0.9)
    assert torch.allclose(run.average.classifier[1].weight, before + 0.1)
