"""Augmentation: reproducible by seed, scaled by strength, with visible overlays."""

import numpy as np
import pytest

from training.augment import augment, geometry, worst_quality
from training.overlays import add_overlay, paste, stickers, text_bars


def test_geometry_is_the_same_for_a_picture_and_its_mask(portrait):
    # given a mask equal to the picture's green channel
    for seed in range(12):
        transformed, mask = (
            geometry(part, np.random.default_rng(seed)) for part in (portrait, portrait[..., 1])
        )
        assert transformed.shape == portrait.shape
        assert np.array_equal(transformed[..., 1], mask)


def test_geometry_only_flips_most_pictures(portrait):
    small = portrait[::8, ::8]
    kept = [
        any(
            np.array_equal(geometry(small, np.random.default_rng(seed)), variant)
            for variant in (small, small[:, ::-1])
        )
        for seed in range(100)
    ]
    assert np.mean(kept) == pytest.approx(0.7, abs=0.15)


def test_strength_scales_the_damage(portrait):
    crop = np.ascontiguousarray(portrait[60:188, 160:288])

    def damage(strength: float) -> float:
        return float(
            np.median([np.abs(_detail(augment(crop, strength, np.random.default_rng(s)))) for s in range(40)])
        )

    def _detail(image: np.ndarray) -> float:
        return float(np.diff(image.astype(float), axis=1).std() - np.diff(crop.astype(float), axis=1).std())

    assert damage(0.0) < damage(1.0)
    assert [worst_quality(strength) for strength in (0.0, 1.0)] == [85, 30]


def test_sprites_have_a_transparent_border_and_opaque_pixels():
    for sprite in (*stickers(), *text_bars()):
        alpha = sprite[..., 3]
        assert sprite.dtype == np.uint8
        assert max(alpha[0].max(), alpha[-1].max(), alpha[:, 0].max(), alpha[:, -1].max()) == 0
        assert (alpha > 250).sum() > 100


def test_sprite_changes_its_place_only(portrait):
    pasted = paste(portrait, stickers()[0], (100.0, 50.0), 32.0, 1.0)
    changed = np.argwhere((pasted != portrait).any(axis=2))
    assert changed.min(axis=0).tolist() >= [50, 100]
    assert changed.max(axis=0).tolist() <= [83, 133]


def test_overlay_is_reproducible_by_seed(portrait):
    first, again = (add_overlay(portrait, np.random.default_rng(3)) for _ in range(2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, portrait)
