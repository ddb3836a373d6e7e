"""The pictures that models are asked about: all conditions, all methods, faces where they are."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from inference.crops import crop_face
from training.datasets import Photo
from training.evaluation.abstention import LOSSES, lossy_trials
from training.evaluation.conditions import CONDITIONS, screenshot
from training.evaluation.framing import fitted
from training.evaluation.methods import Family, Method
from training.evaluation.trials import Plan, trials
from training.pairs import draw_source


def painted(colour):
    """A way of forging that paints the face, so that it is seen what became of it."""

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


def test_each_photograph_is_asked_about_in_every_condition_and_by_every_method(photo, plan):
    asked = [one.known for one in trials(photo, 1, plan)]
    reals = [one.condition for one in asked if one.family == "real"]
    assert reals == list(CONDITIONS)
    assert [one.method for one in asked if one.family != "real" and one.condition == "none"] == [
        "red",
        "green",
        "blue",
    ]
    # and one of the methods went through all conditions
    carried = [(one.method, one.condition) for one in asked if one.carried and one.method]
    assert carried == [("green", condition) for condition in CONDITIONS]


@pytest.mark.parametrize("place", range(6))
def test_one_method_of_each_family_stands_for_it_in_turn(photo, plan, place):
    turns = {
        (one.known.family, one.known.method)
        for one in trials(photo, place, plan)
        if one.known.turn and one.known.method
    }
    assert turns == {("trained", "red"), ("unseen", ("green", "blue")[place % 2])}


@pytest.mark.parametrize("condition", CONDITIONS)
def test_face_stays_in_its_box_in_every_condition(photo, plan, condition):
    # given the face painted green, then brought into a condition
    (shown,) = [
        one
        for one in trials(photo, 1, plan)
        if one.known.method == "green" and one.known.condition == condition
    ]

    # then the box holds green, and beside it there is none
    inside = crop_face(shown.image, shown.box, 0.0, 224)[60:160, 60:160].reshape(-1, 3).mean(axis=0)
    x0, _, _, y1 = (round(value) for value in shown.box)
    beside = shown.image[y1 - 12 : y1 - 4, max(x0 - 16, 0) : x0 - 8].reshape(-1, 3).mean(axis=0)
    assert inside[1] > 180 > 100 > max(inside[0], inside[2])
    assert abs(beside[1] - beside[0]) < 60
    assert shown.known.edge == pytest.approx(min(shown.box[2] - shown.box[0], shown.box[3] - shown.box[1]))


def test_labelled_forgery_is_asked_about_as_it_is(photo, plan):
    fake = replace(photo, forged=True, method="fsgan", age=40, sex="female")
    (asked,) = trials(fake, 0, plan)
    assert (asked.known.family, asked.known.method, asked.known.condition) == ("labelled", "fsgan", "none")
    assert (asked.known.age, asked.known.sex) == ("35-54", "female")


def test_what_is_made_of_a_photograph_does_not_depend_on_the_others(photo, plan):
    once, again = ([one.image for one in trials(photo, 0, plan)] for _ in range(2))
    assert all(np.array_equal(first, second) for first, second in zip(once, again, strict=True))


def test_screenshot_is_larger_than_the_picture_and_resampled(portrait):
    taken = [screenshot(portrait, np.random.default_rng(seed)) for seed in range(8)]
    assert all(one.image.shape[0] > round(portrait.shape[0] * one.scale) for one in taken)
    assert len({one.scale for one in taken}) == 8
    assert {bool(one.image[0, 0, 0] > 128) for one in taken} == {True, False}  # light and dark applications


def test_source_is_another_person(photo):
    others = [replace(photo, name=f"{n}", unit=f"p{n % 3}") for n in range(9)]
    drawn = {draw_source(replace(photo, unit="p1"), others, np.random.default_rng(n)).unit for n in range(10)}
    assert drawn <= {"p0", "p2"}
    assert draw_source(photo, [photo], np.random.default_rng(0)) is photo


def test_smaller_faces_are_really_smaller(photo, plan):
    asked = lossy_trials(photo, 0, plan)
    assert [one.known.condition for one in asked] == list(LOSSES) * 2
    assert asked[0].known.edge == pytest.approx(24)
    assert asked[0].image.shape[0] < portrait_height(photo)


def portrait_height(photo: Photo) -> int:
    return cv2.imdecode(np.frombuffer(photo.encoded, np.uint8), cv2.IMREAD_COLOR).shape[0]


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ((40, 40, 120, 120), (40, 40, 120, 120)),  # its square of 100 px fits
        ((-10, -20, 210, 220), (20, 20, 180, 180)),  # larger than the picture: all of it
        ((-40, 0, 140, 200), (20, 20, 180, 180)),  # and no part of the square is outside
    ],
)
def test_square_that_does_not_fit_is_the_largest_that_does(box, expected):
    assert fitted(box, (200, 200, 3), margin=0.25) == pytest.approx(expected)
