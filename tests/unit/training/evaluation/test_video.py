"""Clips and the rules that judge them."""

import numpy as np
import pytest

from training.datasets import decode
from training.evaluation.aggregation import (
    FRAME_RULES,
    SERVED,
    compare_face_rules,
    compare_frame_rules,
    spliced,
    top_mean,
    trimmed_mean,
)
from training.evaluation.clips import film
from training.evaluation.methods import Family, Method
from training.evaluation.video import Filmed, by_level, majority


def painted(photo, image, source, rng):
    x0, y0, x1, y1 = photo.box.astype(int)
    forged = image.copy()
    forged[y0:y1, x0:x1] = (0, 255, 0)
    return forged


def test_clip_moves_and_its_boxes_follow(photo):
    # given a clip whose face is painted in each frame before coding
    clip = film(photo, Method("green", Family.UNSEEN, painted), photo, seed=3, frames=8)

    # then the camera moved, by less than a fifth of the face, and every box holds the paint
    centres = (clip.boxes[:, :2] + clip.boxes[:, 2:]) / 2
    moved = np.linalg.norm(centres - centres[0], axis=1).max()
    assert 1 < moved < 0.2 * (photo.box[3] - photo.box[1])
    for frame, box in zip(clip.frames, clip.boxes.astype(int), strict=True):
        inside = frame[box[1] + 10 : box[3] - 10, box[0] + 10 : box[2] - 10].reshape(-1, 3).mean(axis=0)
        assert inside[1] > 200 > 80 > max(inside[0], inside[2])


def test_camera_moves_alike_for_a_clip_and_its_forgery(photo):
    real = film(photo, None, photo, seed=3, frames=4)
    forged = film(photo, Method("green", Family.UNSEEN, painted), photo, seed=3, frames=4)
    assert np.array_equal(real.boxes, forged.boxes)
    assert real.frames[0].shape == decode(photo).shape


@pytest.mark.parametrize(
    ("rule", "scores", "expected"),
    [
        (majority, [0.9, 0.9, 0.1], 2 / 3),
        (top_mean, [0.1] * 6 + [0.7, 0.9], 0.8),
        (top_mean, [0.4], 0.4),
        (trimmed_mean, [0.0] + [0.5] * 8 + [1.0], 0.5),
        (trimmed_mean, [0.2, 0.4], 0.3),
    ],
)
def test_rules_by_hand(rule, scores, expected):
    assert rule(scores) == pytest.approx(expected)


def test_half_forged_clips_are_real_in_their_second_half():
    frames = np.array([[0.1, 0.1, 0.2, 0.2], [0.9, 0.9, 0.8, 0.8]])
    assert spliced(frames).tolist() == [[0.1, 0.1, 0.2, 0.2], [0.9, 0.9, 0.2, 0.2]]


def test_levels_of_judging_are_all_there(filmed):
    frame, served, vote = by_level(filmed, "good 1.0")
    assert (frame.count, served.count, vote.count) == (40 * 32, 40, 40)
    assert served.measures["AUC"].value > frame.measures["AUC"].value  # frames help each other


def test_worst_face_finds_the_one_that_is_forged():
    # given clips of ten people, forged ones with higher scores
    forged = np.arange(20) % 2 == 1
    noise = np.random.default_rng(0).normal(0, 0.08, (20, 1))
    frames = np.clip(np.where(forged, 0.7, 0.2)[:, None] + noise + np.zeros((20, 32)), 0, 1)
    filmed = Filmed(np.repeat([f"p{n}" for n in range(10)], 2), forged, {"m": frames})

    # when two faces are seen, one of them forged
    worst, mean = compare_face_rules(filmed, "m", suspect=0.5)

    # then the worst one tells it from two that are real, and the mean falls below the threshold
    assert worst.measures["AUC, one of two forged"].value == 1.0
    assert worst.measures["TPR at suspect"].value == 1.0
    assert (worst.served, mean.served) == (True, False)


def test_every_rule_is_measured_and_one_is_served(filmed):
    choices = compare_frame_rules(filmed, "good 1.0", suspect=0.8)
    assert [choice.name for choice in choices] == list(FRAME_RULES)
    assert [choice.name for choice in choices if choice.served] == [SERVED]
    mean = next(choice for choice in choices if choice.name == "mean")
    assert mean.measures["AUC, half of them"].value <= mean.measures["AUC, all frames forged"].value
