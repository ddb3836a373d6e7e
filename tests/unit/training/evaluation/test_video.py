"""Clips, and rules that aggregate their scores."""

import numpy as np
import pytest

from training.datasets import decode
from training.evaluation.aggregation import (
    FRAME_RULES,
    SERVED,
    compare_face_rules,
    compare_frame_rules,
    half_forged,
    top_mean,
    trimmed_mean,
)
from training.evaluation.clips import make_clip
from training.evaluation.methods import Family, Method
from training.evaluation.video import ClipScores, by_level, majority_vote


def painted(photo, image, source, rng):
    x0, y0, x1, y1 = photo.box.astype(int)
    forged = image.copy()
    forged[y0:y1, x0:x1] = (0, 255, 0)
    return forged


def test_boxes_follow_the_camera_motion(photo):
    # given a clip with the face painted in each frame before encoding
    clip = make_clip(photo, Method("green", Family.UNSEEN, painted), photo, seed=3, frames=8)

    # then the face moves by less than a fifth of its size, and every box contains the paint
    centres = (clip.boxes[:, :2] + clip.boxes[:, 2:]) / 2
    moved = np.linalg.norm(centres - centres[0], axis=1).max()
    assert 1 < moved < 0.2 * (photo.box[3] - photo.box[1])
    for frame, box in zip(clip.frames, clip.boxes.astype(int), strict=True):
        inside = frame[box[1] + 10 : box[3] - 10, box[0] + 10 : box[2] - 10].reshape(-1, 3).mean(axis=0)
        assert inside[1] > 200 > 80 > max(inside[0], inside[2])


def test_a_clip_and_its_forgery_have_the_same_camera_path(photo):
    real = make_clip(photo, None, photo, seed=3, frames=4)
    forged = make_clip(photo, Method("green", Family.UNSEEN, painted), photo, seed=3, frames=4)
    assert np.array_equal(real.boxes, forged.boxes)
    assert real.frames[0].shape == decode(photo).shape


@pytest.mark.parametrize(
    ("rule", "scores", "expected"),
    [
        (majority_vote, [0.9, 0.9, 0.1], 2 / 3),
        (top_mean, [0.1] * 6 + [0.7, 0.9], 0.8),
        (top_mean, [0.4], 0.4),
        (trimmed_mean, [0.0] + [0.5] * 8 + [1.0], 0.5),
        (trimmed_mean, [0.2, 0.4], 0.3),
    ],
)
def test_rules_by_hand(rule, scores, expected):
    assert rule(scores) == pytest.approx(expected)


def test_half_forged_clips_have_a_real_second_half():
    frames = np.array([[0.1, 0.1, 0.2, 0.2], [0.9, 0.9, 0.8, 0.8]])
    assert half_forged(frames).tolist() == [[0.1, 0.1, 0.2, 0.2], [0.9, 0.9, 0.2, 0.2]]


def test_frame_and_video_levels(clip_scores):
    frame, served, vote = by_level(clip_scores, "good 1.0")
    assert (frame.count, served.count, vote.count) == (40 * 32, 40, 40)
    assert served.measures["AUC"].value > frame.measures["AUC"].value  # aggregating frames helps


def test_worst_face_rule_detects_one_forged_face():
    # given clips of ten people; forged clips have higher scores
    forged = np.arange(20) % 2 == 1
    noise = np.random.default_rng(0).normal(0, 0.08, (20, 1))
    frames = np.clip(np.where(forged, 0.7, 0.2)[:, None] + noise + np.zeros((20, 32)), 0, 1)
    clip_scores = ClipScores(np.repeat([f"p{n}" for n in range(10)], 2), forged, {"m": frames})

    # when a video shows two faces, of which one is forged
    worst, mean = compare_face_rules(clip_scores, "m", suspect=0.5)

    # then the worst-face rule separates it from two real faces, and the mean rule is not served
    assert worst.measures["AUC, one of two forged"].value == 1.0
    assert worst.measures["TPR at suspect"].value == 1.0
    assert (worst.served, mean.served) == (True, False)


def test_every_rule_is_compared_and_one_is_served(clip_scores):
    choices = compare_frame_rules(clip_scores, "good 1.0", suspect=0.8)
    assert [choice.name for choice in choices] == list(FRAME_RULES)
    assert [choice.name for choice in choices if choice.served] == [SERVED]
    mean = next(choice for choice in choices if choice.name == "mean")
    assert mean.measures["AUC, half of them"].value <= mean.measures["AUC, all frames forged"].value
