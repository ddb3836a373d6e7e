"""Forgeries change the face, only under the mask, and are reproducible by seed."""

import numpy as np
import pytest

from training.forgeries import Region, inpaint_spots, self_blend, swap_blend, warp_face
from training.forgeries.masks import TEMPLATE, affine_between, blend_mask, face_scale
from training.forgeries.tones import match_colour

FACE = (slice(60, 172), slice(180, 268))


def test_self_blend_differs_from_the_copy_below_only_under_the_mask(portrait, landmarks):
    # given forgeries with a changed copy above, and with a changed ground below
    for seed in range(8):
        forged, mask = self_blend(portrait, landmarks, np.random.default_rng(seed), Region.FACE)

        # then the mask is on the face, and the face has changed
        assert forged.shape == portrait.shape
        assert forged.dtype == np.uint8
        assert 0.45 < mask.max() <= 1
        assert mask[:40].max() == 0
        assert (forged[FACE] != portrait[FACE]).any()


@pytest.mark.parametrize("seamless", [False, True])
def test_swap_keeps_the_picture_outside_the_face(portrait, landmarks, seamless):
    # given a second person: the same portrait, brighter and mirrored
    source = np.clip(portrait[:, ::-1].astype(int) + 30, 0, 255).astype(np.uint8)
    source_landmarks = landmarks[[1, 0, 2, 4, 3]]
    source_landmarks[:, 0] = portrait.shape[1] - 1 - source_landmarks[:, 0]

    # when that face is swapped onto the portrait
    rng = np.random.default_rng(3)
    forged, mask = swap_blend(portrait, landmarks, source, source_landmarks, rng, seamless=seamless)

    # then only pixels under the mask have changed
    assert np.array_equal(forged[mask == 0], portrait[mask == 0])
    assert np.abs(forged[mask > 0.9].astype(int) - portrait[mask > 0.9]).mean() > 1


def test_forgeries_are_reproducible_by_seed(portrait, landmarks):
    first, again, other = (
        self_blend(portrait, landmarks, np.random.default_rng(seed))[0] for seed in (7, 7, 8)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("region", Region)
def test_mask_lies_on_its_region(landmarks, region):
    # given the positions of mouth and eyes
    mouth, eyes = landmarks[3:].mean(axis=0), landmarks[:2].mean(axis=0)
    masks = [blend_mask((512, 512), landmarks, region, np.random.default_rng(seed)) for seed in range(5)]

    # then masks of one part do not cover the other, and masks of faces cover both
    at = {
        name: min(m[int(y), int(x)] for m in masks) for name, (x, y) in {"mouth": mouth, "eyes": eyes}.items()
    }
    expected = {Region.EYES: {"eyes"}, Region.MOUTH: {"mouth"}}.get(region, {"mouth", "eyes"})
    assert {name for name, value in at.items() if value > 0.3} == expected


def test_affine_map_fits_a_rotated_face():
    # given the template rotated by 90 degrees, doubled and moved
    rotated = TEMPLATE[:, ::-1] * np.array([-2, 2], dtype=np.float32) + np.array([300, 20], dtype=np.float32)

    # when mapped
    matrix = affine_between(TEMPLATE, rotated)

    # then the fit is exact
    assert np.allclose(TEMPLATE @ matrix[:, :2].T + matrix[:, 2], rotated, atol=1e-3)
    assert face_scale(rotated) == pytest.approx(2.0)


def test_matched_colours_have_the_mean_of_the_reference(portrait):
    # given a bluish copy and a mask over the whole picture
    bluish = np.clip(portrait.astype(int) + np.array([-30, 0, 30]), 0, 255).astype(np.uint8)
    everywhere = np.ones(portrait.shape[:2], np.float32)

    # when its colours are matched fully
    matched = match_colour(bluish, portrait, everywhere, 1.0)

    # then it is no longer bluish
    assert np.abs(matched.mean(axis=(0, 1)) - portrait.mean(axis=(0, 1))).max() < 3


def test_warped_face_keeps_the_picture_s_colours(portrait, landmarks):
    for seed in range(6):
        forged, mask = warp_face(portrait, landmarks, np.random.default_rng(seed), Region.FACE)

        # then pixels change under the mask only, and the mean colours stay similar
        assert np.array_equal(forged[mask == 0], portrait[mask == 0])
        assert (forged != portrait).any(axis=2)[mask > 0.5].mean() > 0.5
        for channel in range(3):
            assert abs(forged[mask > 0.5][:, channel].mean() - portrait[mask > 0.5][:, channel].mean()) < 12


def test_inpainting_changes_masked_pixels_only(portrait, landmarks):
    for seed in range(6):
        forged, mask = inpaint_spots(portrait, landmarks, np.random.default_rng(seed), Region.FACE)

        # then all changes are under the mask, and there are some
        assert np.array_equal(forged[mask == 0], portrait[mask == 0])
        assert (forged != portrait).any()
        assert mask.min() == 0
        assert mask.max() > 0.5


def test_face_too_small_for_a_mask_stays_unchanged():
    tiny = np.full((8, 8, 3), 120, np.uint8)
    points = np.full((5, 2), -50, np.float32) + np.arange(10, dtype=np.float32).reshape(5, 2) / 100
    forged, mask = inpaint_spots(tiny, points, np.random.default_rng(0), Region.MOUTH)
    assert np.array_equal(forged, tiny)
    assert not mask.any()
