"""Operators blur and resize as OpenCV does, each picture in its own measure, and only where picture is."""

import cv2
import numpy as np
import pytest
import torch

from training.batched.resampling import CUBIC, LINEAR, blurring, down_and_up, resizing, separable


@pytest.fixture
def picture() -> np.ndarray:
    smooth = cv2.GaussianBlur(np.random.default_rng(0).uniform(0, 255, (48, 48)), (0, 0), 1.0)
    return smooth.astype(np.float32)


def applied(picture: np.ndarray, operator: torch.Tensor) -> np.ndarray:
    return separable(torch.from_numpy(picture)[None, None], operator, operator)[0, 0].numpy()


@pytest.mark.parametrize("sigma", [0.4, 1.2, 3.0])
def test_blur_is_opencv_s(picture, sigma):
    blurred = applied(picture, blurring(torch.tensor([sigma]), torch.tensor([48]), 48))
    expected = cv2.GaussianBlur(picture, (31, 31), sigma, borderType=cv2.BORDER_REFLECT)
    assert np.abs(blurred - expected).max() < 0.1


def test_no_blur_leaves_all_as_it_is(picture):
    assert np.array_equal(applied(picture, blurring(torch.tensor([0.0]), torch.tensor([48]), 48)), picture)


@pytest.mark.parametrize("size", [20, 32, 77])
def test_resizing_is_opencv_s(picture, size):
    resized = applied(picture, resizing(torch.tensor([48]), size, 48))
    method = cv2.INTER_AREA if size < 48 else cv2.INTER_LINEAR
    expected = cv2.resize(picture, (size, size), interpolation=method)
    assert np.abs(resized - expected).max() < 0.5


@pytest.mark.parametrize(("way", "method"), [(LINEAR, cv2.INTER_LINEAR), (CUBIC, cv2.INTER_CUBIC)])
def test_going_down_and_up_is_opencv_s_inside(picture, way, method):
    gone = applied(picture, down_and_up(torch.tensor([2.0]), torch.tensor([48]), torch.tensor([way]), 48))
    expected = cv2.resize(
        cv2.resize(picture, (24, 24), interpolation=cv2.INTER_AREA), (48, 48), interpolation=method
    )
    assert np.abs(gone - expected)[6:-6, 6:-6].max() < 0.5


def test_what_is_beyond_the_picture_does_not_bleed_in(picture):
    # given a picture of 30 pixels on a larger canvas, and the same with something beyond it
    lengths, dirty = torch.tensor([30]), picture.copy()
    dirty[30:], dirty[:, 30:] = 999, 999
    for operator in (
        blurring(torch.tensor([2.0]), lengths, 48),
        down_and_up(torch.tensor([2.5]), lengths, torch.tensor([CUBIC]), 48),
        resizing(lengths, 25, 48),
    ):
        assert np.array_equal(applied(picture, operator), applied(dirty, operator))
