"""The unseen forgeries change the face only, are reproducible by seed, and work at the picture's edge."""

import numpy as np
import pytest

from training.forgeries.masks import TEMPLATE
from training.forgeries.unseen import UNSEEN
from training.forgeries.unseen.deformation import deform
from training.forgeries.unseen.mesh import MESH, TRIANGLES, mesh_mask, mesh_points, mesh_warp
from training.forgeries.unseen.outlines import feather
from training.forgeries.unseen.swaps import match_histogram, multi_band

HEAD = (slice(40, 200), slice(160, 290))
CENTRE = (slice(100, 145), slice(205, 245))


@pytest.fixture
def source(portrait, landmarks):
    """A second person: the portrait mirrored, darker and with other colours."""
    image = np.clip(portrait[:, ::-1] * np.array([0.7, 0.8, 0.6]), 0, 255).astype(np.uint8)
    mirrored = landmarks[[1, 0, 2, 4, 3]]
    mirrored[:, 0] = portrait.shape[1] - 1 - mirrored[:, 0]
    return image, mirrored


@pytest.mark.parametrize("method", UNSEEN)
def test_only_the_face_changes(method, portrait, landmarks, source):
    for seed in range(3):
        # when forged
        before = portrait.copy()
        forged = UNSEEN[method](portrait, landmarks, *source, np.random.default_rng(seed))

        # then the face has changed, and its surroundings and the input have not
        changed = (forged != portrait).any(axis=2)
        assert (forged.shape, forged.dtype) == (portrait.shape, np.uint8)
        assert changed[CENTRE].mean() > 0.3
        assert changed.sum() == changed[HEAD].sum()
        assert np.array_equal(portrait, before)


@pytest.mark.parametrize("method", UNSEEN)
def test_forgeries_are_reproducible_by_seed(method, portrait, landmarks, source):
    first, again, other = (
        UNSEEN[method](portrait, landmarks, *source, np.random.default_rng(seed)) for seed in (7, 7, 8)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("method", UNSEEN)
@pytest.mark.parametrize("corner", [(100, 215), (0, 0)])
def test_face_cut_off_by_the_edge_is_forged(method, corner, portrait, landmarks, source):
    # given a picture that cuts the face at its upper left or lower right
    top, left = corner
    cut = np.ascontiguousarray(portrait[top:, left:] if top else portrait[:135, :230])
    moved = landmarks - np.array([left, top], np.float32)

    # then the visible part of the face is forged
    forged = UNSEEN[method](cut, moved, *source, np.random.default_rng(2))
    assert forged.shape == cut.shape
    assert (forged != cut).any()


def test_mesh_covers_the_face_without_gaps_and_meets_the_landmarks():
    # given the mesh in template coordinates
    points = mesh_points(TEMPLATE)
    assert np.allclose(points, MESH, atol=1e-3)
    assert np.array_equal(np.unique(TRIANGLES), np.arange(len(MESH)))

    # then its triangles have the area of its outline
    first, second = (MESH[TRIANGLES[:, i]] - MESH[TRIANGLES[:, 0]] for i in (1, 2))
    area = np.abs(first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]).sum() / 2
    assert area == pytest.approx((mesh_mask((130, 112), points) > 0).sum(), rel=0.05)


def test_mesh_warp_onto_itself_changes_nothing(portrait, landmarks):
    points = mesh_points(landmarks)
    shape = portrait.shape[:2]
    warped = mesh_warp(portrait, points, points, shape)
    inside = mesh_mask(shape, points) > 0
    assert np.abs(warped[inside].astype(int) - portrait[inside]).max() <= 2


def test_points_move_to_their_targets():
    # given a white dot on black
    image = np.zeros((80, 100, 3), np.uint8)
    image[38:43, 48:53] = 255
    start = np.array([(50, 40), (10, 10), (90, 10), (10, 70), (90, 70)], np.float32)
    end = start.copy()
    end[0] = (58, 46)

    # when its centre is moved
    moved = deform(image, start, end, np.ones((80, 100), np.float32))

    # then it is at the new position and not at the old one
    assert moved[46, 58].min() > 200
    assert moved[38, 48].max() < 50


def test_histogram_matches_the_target_exactly():
    rng = np.random.default_rng(0)
    values, target = rng.integers(0, 99, (500, 3), np.uint8), rng.integers(40, 255, (500, 3), np.uint8)
    matched = match_histogram(values, target)
    assert np.array_equal(np.sort(matched, axis=0), np.sort(target, axis=0))
    assert (np.diff(matched[values[:, 0].argsort(kind="stable"), 0].astype(int)) >= 0).all()


@pytest.mark.parametrize(("inside", "expected"), [(0, 30), (255, 200)])
def test_bands_add_up_to_the_blended_picture(inside, expected):
    below, above = np.full((61, 83, 3), 30, np.uint8), np.full((61, 83, 3), 200, np.uint8)
    assert (multi_band(below, above, np.full((61, 83), inside, np.uint8)) == expected).all()


def test_feather_rises_inwards_except_at_the_picture_s_edge():
    mask = np.zeros((40, 40), np.uint8)
    mask[20:] = 255
    assert feather(mask, 10)[[19, 24, 39], 0] == pytest.approx([0, 0.5, 1], abs=0.05)
