"""Operators blur and resize as OpenCV does, with separate parameters per picture."""

import cv2
import numpy as np
import pytest
import torch

from training.torch_forgeries.resampling import (
    CUBIC,
    LINEAR,
    apply_separable,
    blur_operators,
    down_up_operators,
    resize_operators,
)


@pytest.fixture
def picture() -> np.ndarray:
    smooth = cv2.GaussianBlur(np.random.default_rng(0).uniform(0, 255, (48, 48)), (0, 0), 1.0)
    return smooth.astype(np.float32)


def applied(picture: np.ndarray, operator: torch.Tensor) -> np.ndarray:
    return apply_separable(torch.from_numpy(picture)[None, None], operator, operator)[0, 0].numpy()


@pytest.mark.parametrize("sigma", [0.4, 1.2, 3.0])
def test_blur_matches_opencv(picture, sigma):
    blurred = applied(picture, blur_operators(torch.tensor([sigma]), torch.tensor([48]), 48))
    expected = cv2.GaussianBlur(picture, (31, 31), sigma, borderType=cv2.BORDER_REFLECT)
    assert np.abs(blurred - expected).max() < 0.1


def test_sigma_of_zero_changes_nothing(picture):
    operator = blur_operators(torch.tensor([0.0]), torch.tensor([48]), 48)
    assert np.array_equal(applied(picture, operator), picture)


@pytest.mark.parametrize("size", [20, 32, 77])
def test_resizing_matches_opencv(picture, size):
    resized = applied(picture, resize_operators(torch.tensor([48]), size, 48))
    method = cv2.INTER_AREA if size < 48 else cv2.INTER_LINEAR
    expected = cv2.resize(picture, (size, size), interpolation=method)
    assert np.abs(resized - expected).max() < 0.5


@pytest.mark.parametrize(("kernel", "method"), [(LINEAR, cv2.INTER_LINEAR), (CUBIC, cv2.INTER_CUBIC)])
def test_downscaling_and_upscaling_matches_opencv_inside(picture, kernel, method):
    operator = down_up_operators(torch.tensor([2.0]), torch.tensor([48]), torch.tensor([kernel]), 48)
    resampled = applied(picture, operator)
    expected = cv2.resize(
        cv2.resize(picture, (24, 24), interpolation=cv2.INTER_AREA), (48, 48), interpolation=method
    )
    assert np.abs(resampled - expected)[6:-6, 6:-6].max() < 0.5


def test_pixels_beyond_the_picture_have_no_influence(picture):
    # given a picture of 30 pixels on a larger canvas, and the same with other pixels beyond it
    lengths, dirty = torch.tensor([30]), picture.copy()
    dirty[30:], dirty[:, 30:] = 999, 999
    for operator in (
        blur_operators(torch.tensor([2.0]), lengths, 48),
        down_up_operators(torch.tensor([2.5]), lengths, torch.tensor([CUBIC]), 48),
        resize_operators(lengths, 25, 48),
    ):
        assert np.array_equal(applied(picture, operator), applied(dirty, operator))
