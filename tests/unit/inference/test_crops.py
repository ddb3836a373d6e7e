"""The geometry of crops, which training and serving share."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from inference.crops import crop_face, crop_square
from inference.normalisation import IMAGENET, normalise

SIZE = 224  # pixels

BOXES = [
    # box, margin, (left, top, side)
    ((10.0, 10.0, 30.0, 30.0), 0.0, (10.0, 10.0, 20.0)),
    ((10.0, 10.0, 30.0, 50.0), 0.0, (0.0, 10.0, 40.0)),
    ((10.0, 10.0, 30.0, 50.0), 0.5, (-10.0, 0.0, 60.0)),
]


@pytest.mark.parametrize(("box", "margin", "square"), BOXES)
def test_square_keeps_the_centre_and_takes_the_longer_edge(box, margin, square):
    assert crop_square(box, margin) == pytest.approx(square)


@pytest.mark.parametrize("box", [(10.0, 10.0, 10.0, 20.0), (30.0, 10.0, 10.0, 20.0)])
def test_box_without_area_is_rejected(box):
    with pytest.raises(ValueError, match="has no area"):
        crop_square(box, 0.25)


def test_square_outside_the_picture_is_rejected():
    with pytest.raises(ValueError, match="outside the 20x20 picture"):
        crop_face(np.zeros((20, 20, 3), np.uint8), (100, 100, 120, 120), 0.0, SIZE)


def test_crop_shows_what_is_in_the_box():
    # given a grey picture with a white square
    image = np.full((300, 400, 3), 50, np.uint8)
    image[100:200, 150:250] = 255

    # when the square is cut without margin
    crop = crop_face(image, (150, 100, 250, 200), 0.0, SIZE)

    # then it contains only white
    assert crop.shape == (SIZE, SIZE, 3)
    assert (crop == 255).all()


def test_beyond_the_edge_the_picture_is_mirrored():
    # given columns that grow brighter to the right
    image = np.repeat(np.arange(0, 224, dtype=np.uint8)[None, :, None], 224, axis=0).repeat(3, axis=2)

    # when the square reaches 112 px over the left edge
    crop = crop_face(image, (-112, 0, 112, 224), 0.0, SIZE)

    # then the left half is the right half, mirrored
    assert np.array_equal(crop[:, :112], crop[:, 112:][:, ::-1])


@given(x=st.floats(-50, 90), y=st.floats(-50, 90), side=st.floats(60, 400), margin=st.floats(0, 1))
def test_any_box_that_touches_the_picture_gives_a_crop(x, y, side, margin):
    crop = crop_face(np.zeros((100, 100, 3), np.uint8), (x, y, x + side, y + side), margin, SIZE)
    assert crop.shape == (SIZE, SIZE, 3)
    assert crop.dtype == np.uint8


def test_normalised_mean_colour_is_zero():
    # given a crop of ImageNet's mean colour
    crop = np.empty((8, 8, 3), np.uint8)
    crop[:] = np.rint(np.array([0.485, 0.456, 0.406]) * 255)

    # when two copies are normalised
    batch = normalise([crop, crop], IMAGENET)

    # then they are zero up to rounding to 8 bits
    assert batch.shape == (2, 3, 8, 8)
    assert batch.dtype == torch.float32
    assert batch.abs().max() < 0.01
