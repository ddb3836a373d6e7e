"""A training run: its plan, its pace, its pairs, and that it goes on where it stopped."""

from pathlib import Path

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from rich.progress import Progress

from training.augment import CODECS, augment
from training.config import Phase, TrainingConfig, read_config
from training.pairs import PairMaker, PairStream
from training.schedule import ema_decay, learning_rate
from training.train import collate, start, train, train_step

PLAN = Path(__file__).parents[3] / "training" / "first.toml"


@pytest.fixture
def config() -> TrainingConfig:
    return read_config(PLAN)


@pytest.mark.parametrize(
    ("progress", "rate"),
    [(0.0, 0.01), (0.05, 0.5), (0.1, 1.0), (0.55, 0.505), (1.0, 0.01), (1.2, 0.01)],
)
def test_rate_rises_then_falls_as_a_cosine(progress, rate):
    assert learning_rate(progress, peak=1.0, warmup=0.1) == pytest.approx(rate)


def test_average_forgets_the_beginning_first():
    assert [round(ema_decay(step, longest=0.99), 2) for step in (0, 8, 10_000)] == [0.1, 0.5, 0.99]


@pytest.mark.parametrize(("progress", "size"), [(0.0, 128), (0.49, 128), (0.5, 160), (0.8, 224), (1.0, 224)])
def test_pictures_grow_in_the_course_of_the_run(config, progress, size):
    assert config.phase_at(progress).size == size


def test_phases_that_leave_a_gap_are_refused(config):
    plan = config.model_dump()
    plan["phases"] = plan["phases"][:2]
    with pytest.raises(ValidationError, match=r"the last at 1.0"):
        TrainingConfig.model_validate(plan)


def test_pair_differs_by_its_forgery_alone(photo):
    # given a mild augmentation
    real, forged = PairMaker([photo]).draw(128, 0.0, np.random.default_rng(2))

    # then both crops show the same picture, changed somewhere
    assert real.shape == forged.shape == (128, 128, 3)
    difference = np.abs(real.astype(int) - forged).mean()
    assert 0 < difference < 40


def test_streams_of_one_seed_are_the_same(photo):
    streams = [iter(PairStream(PairMaker([photo]), 64, 1.0, (1, rank))) for rank in (0, 0, 1)]
    first, again, other = (next(stream)[0] for stream in streams)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("codec", CODECS)
def test_codec_keeps_what_the_picture_shows(portrait, codec):
    coded = CODECS[codec](portrait[:201, :203], 30 if codec == "h264" else 70)
    height, width = coded.shape[:2]
    assert (height, width) == ((200, 202) if codec == "h264" else (201, 203))
    assert 0 < np.abs(coded.astype(int) - portrait[:height, :width]).mean() < 8


def test_augmentation_is_the_same_for_one_generator_state(portrait):
    first, again = (augment(portrait[:128, :128], 1.0, np.random.default_rng(5)) for _ in range(2))
    assert np.array_equal(first, again)


def test_run_learns_and_resumes_where_it_stopped(config, photo, tmp_path):
    # given a small run of two steps
    plan = config.model_copy(update={"imagenet": False})
    run = start(plan, torch.device("cpu"))
    rng = np.random.default_rng(0)
    crops, labels = collate([PairMaker([photo]).draw(64, 0.0, rng) for _ in range(2)])
    for _ in range(2):
        loss = train_step(run, run.network, crops, labels, config=plan, rate=1e-3, device=torch.device("cpu"))
        assert np.isfinite(loss)
    run.save(tmp_path / "state.pt")

    # when another process takes it up
    resumed = start(plan, torch.device("cpu"))
    resumed.resume(tmp_path / "state.pt")

    # then it stands where the first one stood
    assert (labels.tolist(), resumed.step) == ([0, 0, 1, 1], 2)
    for name, value in run.average.state_dict().items():
        assert torch.equal(resumed.average.state_dict()[name], value), name


def test_training_goes_on_until_its_time_is_over_and_not_beyond(config, photo, tmp_path, monkeypatch):
    # given a plan of a second and a half, and one photograph
    plan = config.model_copy(
        update={
            "imagenet": False,
            "run": tmp_path,
            "minutes": 0.025,
            "batch_pairs": 1,
            "phases": (Phase(until=0.5, size=32, strength=0.0), Phase(until=1.0, size=64, strength=1.0)),
        }
    )
    monkeypatch.setattr("training.train.training_photos", lambda _: [photo])

    # when trained, and started again afterwards
    first = train(plan, torch.device("cpu"), Progress(disable=True))
    again = train(plan, torch.device("cpu"), Progress(disable=True))

    # then it learned from pairs until the time was over, and the second start found nothing to do
    assert first.step > 0
    assert first.pictures == 2 * first.step
    assert first.seconds >= 1.5
    assert (again.step, again.seconds) == (first.step, first.seconds)
