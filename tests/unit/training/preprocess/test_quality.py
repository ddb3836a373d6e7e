"""Quality limits, and the measurements behind them."""

import cv2
import numpy as np
import pytest

from training.preprocess.quality import (
    Pose,
    Quality,
    QualityThresholds,
    Rejection,
    pose_of,
    rejection_of,
    sharpness,
)

FRONTAL = Pose(turn=0.0, tilt=0.0, upright=True)
GOOD = Quality(pixels=100, sharpness=200, pose=FRONTAL)


@pytest.mark.parametrize(
    ("quality", "rejection"),
    [
        (GOOD, None),
        (Quality(56, 12, FRONTAL), None),
        (Quality(55.9, 200, FRONTAL), Rejection.SMALL),
        (Quality(100, 11.9, FRONTAL), Rejection.BLURRED),
        (Quality(10, 1, FRONTAL), Rejection.SMALL),
        (Quality(100, 200, Pose(0.0, 0.0, upright=False)), Rejection.UPSIDE_DOWN),
        (Quality(100, 200, Pose(-1.1, 0.0, upright=True)), None),
        (Quality(100, 200, Pose(-1.2, 0.0, upright=True)), Rejection.TURNED),
        (Quality(100, 200, Pose(1.2, 0.0, upright=True)), Rejection.TURNED),
        (Quality(100, 200, Pose(0.0, -61.0, upright=True)), Rejection.TILTED),
    ],
)
def test_rejections(quality, rejection):
    assert rejection_of(quality, QualityThresholds()) == rejection


def landmarks(nose_x=50.0):
    return ((30.0, 40.0), (70.0, 40.0), (nose_x, 60.0), (35.0, 80.0), (65.0, 80.0))


@pytest.mark.parametrize(("nose_x", "turn"), [(50.0, 0.0), (70.0, 1.0), (30.0, -1.0), (80.0, 1.5)])
def test_turn_is_the_position_of_the_nose_between_the_eyes(nose_x, turn):
    assert pose_of(landmarks(nose_x)) == Pose(turn, 0.0, upright=True)


@pytest.mark.parametrize(("angle", "upright"), [(0, True), (30, True), (-80, True), (170, False)])
def test_tilt_is_the_angle_of_the_eyes_and_independent_of_turn(angle, upright):
    radians = np.radians(angle)
    rotation = np.array([[np.cos(radians), -np.sin(radians)], [np.sin(radians), np.cos(radians)]])
    pose = pose_of([tuple(rotation @ point) for point in np.array(landmarks(60.0))])
    assert pose.tilt == pytest.approx(angle)
    assert pose.turn == pytest.approx(0.5)
    assert pose.upright is upright


def test_blur_lowers_sharpness_below_the_limit(portrait):
    box = (180.3, 60.7, 268.4, 172.2)
    sharp = sharpness(portrait, box)
    blurred = sharpness(cv2.GaussianBlur(portrait, (0, 0), 5), box)
    assert blurred < QualityThresholds().sharpness < sharp / 4


def test_sharpness_is_measured_at_one_size(portrait):
    # given the portrait at twice its size
    enlarged = cv2.resize(portrait, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    box = np.array([180.0, 60.0, 292.0, 172.0])
    assert sharpness(enlarged, tuple(2 * box)) > sharpness(portrait, tuple(box)) / 2


def test_a_box_outside_the_picture_has_no_sharpness(portrait):
    assert sharpness(portrait, (-50.0, -50.0, -10.0, -10.0)) == 0.0
