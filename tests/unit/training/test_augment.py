"""Changes on the way to a platform: the same for one seed, mild at first, overlays in sight."""

import numpy as np
import pytest

from training.augment import augment, geometry, worst_quality
from training.overlays import add_overlay, paste, stickers, text_bars


def test_geometry_does_the_same_to_a_picture_and_its_mask(portrait):
    # given a mask that is the picture's green
    for seed in range(12):
        turned, mask = (geometry(part, np.random.default_rng(seed)) for part in (portrait, portrait[..., 1]))
        assert turned.shape == portrait.shape
        assert np.array_equal(turned[..., 1], mask)


def test_geometry_leaves_most_pictures_as_they_are_or_flips_them(portrait):
    small = portrait[::8, ::8]
    kept = [
        any(
            np.array_equal(geometry(small, np.random.default_rng(seed)), way)
            for way in (small, small[:, ::-1])
        )
        for seed in range(100)
    ]
    assert np.mean(kept) == pytest.approx(0.7, abs=0.15)


def test_strength_decides_how_bad_it_gets(portrait):
    crop = np.ascontiguousarray(portrait[60:188, 160:288])

    def harm(strength: float) -> float:
        return float(
            np.median([np.abs(_detail(augment(crop, strength, np.random.default_rng(s)))) for s in range(40)])
        )

    def _detail(image: np.ndarray) -> float:
        return float(np.diff(image.astype(float), axis=1).std() - np.diff(crop.astype(float), axis=1).std())

    assert harm(0.0) < harm(1.0)
    assert [worst_quality(strength) for strength in (0.0, 1.0)] == [85, 30]


def test_sprites_have_a_clear_rim_and_something_inside():
    for sprite in (*stickers(), *text_bars()):
        cover = sprite[..., 3]
        assert sprite.dtype == np.uint8
        assert max(cover[0].max(), cover[-1].max(), cover[:, 0].max(), cover[:, -1].max()) == 0
        assert (cover > 250).sum() > 100


def test_a_sprite_covers_its_place_alone(portrait):
    laid = paste(portrait, stickers()[0], (100.0, 50.0), 32.0, 1.0)
    changed = np.argwhere((laid != portrait).any(axis=2))
    assert changed.min(axis=0).tolist() >= [50, 100]
    assert changed.max(axis=0).tolist() <= [83, 133]


def test_one_seed_lays_over_the_same(portrait):
    first, again = (add_overlay(portrait, np.random.default_rng(3)) for _ in range(2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, portrait)
