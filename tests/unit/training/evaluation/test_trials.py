"""Trials: conditions, methods and face boxes."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from inference.crops import crop_face
from training.datasets import Photo
from training.evaluation.abstention import DEGRADATIONS, degraded_trials
from training.evaluation.conditions import CONDITIONS, screenshot
from training.evaluation.framing import fit_box
from training.evaluation.methods import Family, Method
from training.evaluation.trials import Plan, make_trials
from training.pairs import draw_source


def painted(colour):
    """A forgery method that paints the face, so that tests can recognise it."""

    def forge(photo, image, source, rng):
        x0, y0, x1, y1 = photo.box.astype(int)
        forged = image.copy()
        forged[y0:y1, x0:x1] = colour
        return forged

    return forge


METHODS = (
    Method("red", Family.TRAINED, painted((255, 0, 0))),
    Method("green", Family.UNSEEN, painted((0, 255, 0))),
    Method("blue", Family.UNSEEN, painted((0, 0, 255))),
)


@pytest.fixture
def plan(photo):
    return Plan(METHODS, {"people": [photo]}, seed=0)


def test_each_photograph_has_every_condition_and_every_method(photo, plan):
    trials = [trial.metadata for trial in make_trials(photo, 1, plan)]
    reals = [trial.condition for trial in trials if trial.family == "real"]
    assert reals == list(CONDITIONS)
    assert [trial.method for trial in trials if trial.family != "real" and trial.condition == "none"] == [
        "red",
        "green",
        "blue",
    ]
    # and one of the methods is shown in every condition
    pairs = [(trial.method, trial.condition) for trial in trials if trial.in_every_condition and trial.method]
    assert pairs == [("green", condition) for condition in CONDITIONS]


@pytest.mark.parametrize("index", range(6))
def test_methods_rotate_in_representing_their_family(photo, plan, index):
    representatives = {
        (trial.metadata.family, trial.metadata.method)
        for trial in make_trials(photo, index, plan)
        if trial.metadata.represents_family and trial.metadata.method
    }
    assert representatives == {("trained", "red"), ("unseen", ("green", "blue")[index % 2])}


@pytest.mark.parametrize("condition", CONDITIONS)
def test_face_stays_in_its_box_in_every_condition(photo, plan, condition):
    # given a face painted green, in one condition
    (trial,) = [
        trial
        for trial in make_trials(photo, 1, plan)
        if trial.metadata.method == "green" and trial.metadata.condition == condition
    ]

    # then the box is green, and its surroundings are not
    inside = crop_face(trial.image, trial.box, 0.0, 224)[60:160, 60:160].reshape(-1, 3).mean(axis=0)
    x0, _, _, y1 = (round(value) for value in trial.box)
    outside = trial.image[y1 - 12 : y1 - 4, max(x0 - 16, 0) : x0 - 8].reshape(-1, 3).mean(axis=0)
    assert inside[1] > 180 > 100 > max(inside[0], inside[2])
    assert abs(outside[1] - outside[0]) < 60
    assert trial.metadata.edge == pytest.approx(min(trial.box[2] - trial.box[0], trial.box[3] - trial.box[1]))


def test_labelled_forgery_gives_one_unmodified_trial(photo, plan):
    fake = replace(photo, forged=True, method="fsgan", age=40, sex="female")
    (trial,) = make_trials(fake, 0, plan)
    assert (trial.metadata.family, trial.metadata.method, trial.metadata.condition) == (
        "labelled",
        "fsgan",
        "none",
    )
    assert (trial.metadata.age, trial.metadata.sex) == ("35-54", "female")


def test_trials_of_a_photograph_are_deterministic(photo, plan):
    first_run, second_run = ([trial.image for trial in make_trials(photo, 0, plan)] for _ in range(2))
    assert all(np.array_equal(first, second) for first, second in zip(first_run, second_run, strict=True))


def test_screenshot_is_larger_than_the_picture_and_resampled(portrait):
    views = [screenshot(portrait, np.random.default_rng(seed)) for seed in range(8)]
    assert all(view.image.shape[0] > round(portrait.shape[0] * view.scale) for view in views)
    assert len({view.scale for view in views}) == 8
    assert {bool(view.image[0, 0, 0] > 128) for view in views} == {True, False}  # light and dark mode


def test_source_is_another_person(photo):
    others = [replace(photo, name=f"{n}", unit=f"p{n % 3}") for n in range(9)]
    units = {draw_source(replace(photo, unit="p1"), others, np.random.default_rng(n)).unit for n in range(10)}
    assert units <= {"p0", "p2"}
    assert draw_source(photo, [photo], np.random.default_rng(0)) is photo


def test_shrunk_faces_have_the_given_size(photo, plan):
    trials = degraded_trials(photo, 0, plan)
    assert [trial.metadata.condition for trial in trials] == list(DEGRADATIONS) * 2
    assert trials[0].metadata.edge == pytest.approx(24)
    assert trials[0].image.shape[0] < portrait_height(photo)


def portrait_height(photo: Photo) -> int:
    return cv2.imdecode(np.frombuffer(photo.encoded, np.uint8), cv2.IMREAD_COLOR).shape[0]


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ((40, 40, 120, 120), (40, 40, 120, 120)),  # its crop of 100 px fits
        ((-10, -20, 210, 220), (20, 20, 180, 180)),  # larger than the picture: the whole picture
        ((-40, 0, 140, 200), (20, 20, 180, 180)),  # off-centre: the largest square within the picture
    ],
)
def test_crop_is_limited_to_the_picture(box, expected):
    assert fit_box(box, (200, 200, 3), margin=0.25) == pytest.approx(expected)
