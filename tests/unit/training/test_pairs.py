"""Pairs of a real and a forged crop: shared changes and the difference."""

import dataclasses

import cv2
import numpy as np
import pytest

from training.augment import CODECS, augment
from training.config import Phase
from training.datasets import Photo, decode
from training.errors import NoPhotographsError
from training.pairs import PairMaker, draw_window, is_tight, match_forgeries_to_reals, subject
from training.sources import Shares

MILD = Phase(until=1.0, size=128, strength=0.0)


def _changed(photo: Photo, **changes) -> Photo:
    return dataclasses.replace(photo, **changes)


def test_pair_differs_by_its_forgery_only(photo):
    real, forged, _ = PairMaker([photo]).draw(MILD, np.random.default_rng(2))
    assert real.shape == forged.shape == (128, 128, 3)
    assert 0 < np.abs(real.astype(int) - forged).mean() < 40


@pytest.mark.parametrize("seed", range(16))
def test_pair_is_equal_outside_the_mask(photo, seed):
    # given a photograph, and a forgery of any kind
    rng = np.random.default_rng(seed)
    face = subject(photo, rng)
    ground, forged, mask = PairMaker([photo]).forge(photo, face, rng)

    # then both are equal outside the mask, although self-blends may change the whole picture
    assert np.array_equal(ground[mask == 0], forged[mask == 0])
    assert not np.array_equal(ground, forged)


@pytest.mark.parametrize("seed", range(6))
def test_window_is_cut_from_both_at_the_same_place(photo, seed):
    # given the same draw, whole and as a window
    whole = PairMaker([photo]).draw(MILD, np.random.default_rng(seed))
    part = PairMaker([photo]).draw(MILD.model_copy(update={"window": 64}), np.random.default_rng(seed))

    # then real, forgery and mask are cut from the same place
    places = {
        (x, y)
        for y in range(65)
        for x in range(65)
        if all(np.array_equal(a[y : y + 64, x : x + 64], b) for a, b in zip(whole, part, strict=True))
    }
    assert len(places) >= 1


@pytest.mark.parametrize("seed", range(12))
def test_mask_covers_what_differs(photo, seed):
    # given a pair with mild augmentation
    real, forged, mask = PairMaker([photo]).draw(MILD, np.random.default_rng(seed))

    # then large differences are inside the mask
    differs = np.abs(real.astype(int) - forged).max(axis=2) > 40
    assert 0 <= mask.min() <= mask.max() <= 1
    assert not (differs & (cv2.dilate(mask, np.ones((9, 9))) < 0.02)).any()


@pytest.mark.parametrize("seed", range(20))
def test_window_shows_the_forgery(seed):
    rng = np.random.default_rng(seed)
    mask = np.zeros((224, 224), np.uint8)
    left, top = rng.integers(30, 150, 2)
    mask[top : top + 40, left : left + 40] = 255
    x, y = draw_window(mask, 160, rng)
    assert 0 <= x <= 64
    assert 0 <= y <= 64
    assert mask[y : y + 160, x : x + 160].sum() >= mask.sum() / 2


def test_forgeries_of_a_collection_are_matched_to_reals_of_their_media_item(photo):
    # given two videos of a person, a forgery of one, one of an unknown video, and one of another person
    first, second = _changed(photo, media="a.mp4"), _changed(photo, media="b.mp4", name="2")
    of_second = _changed(photo, name="f1", forged=True, original="b.mp4", media="f1.mp4")
    of_unknown = _changed(photo, name="f2", forged=True, original="", media="f2.mp4")
    alone = _changed(photo, name="f3", forged=True, original="z.mp4", unit="nobody", media="f3.mp4")

    # then they are matched by media item, else by person, and the last is left out
    pairs = match_forgeries_to_reals([first, second, of_second, of_unknown, alone])
    assert pairs == [([second], of_second), ([first, second], of_unknown)]


def test_forgeries_of_a_collection_are_drawn(photo):
    # given a photograph and a green forgery of it
    image = decode(photo)
    image[:] = (0, 200, 0)
    green = cv2.imencode(".png", image[..., ::-1])[1].tobytes()
    fake = _changed(photo, name="f", forged=True, encoded=green)

    # when 20 pairs are drawn
    maker, rng = PairMaker([photo, fake]), np.random.default_rng(0)
    drawn = [maker.draw(MILD, rng) for _ in range(20)]

    # then some forgeries are green, and no real is
    def is_green(crop):
        return crop[..., 1].mean() > 150 and crop[..., 0].mean() < 30

    assert {is_green(pair.real) for pair in drawn} == {False}
    assert {is_green(pair.forged) for pair in drawn} == {True, False}

    # and the masks of the green ones are unknown
    assert all(np.isnan(pair.mask).all() == is_green(pair.forged) for pair in drawn)


@pytest.mark.parametrize(
    ("changes", "shares"),
    [
        ({"collection": "other"}, Shares(collections={"people": 0.0001})),
        ({"group": "asian", "name": "other"}, Shares(groups={"asian": 10_000.0})),
    ],
)
def test_photographs_are_drawn_by_weight(photo, changes, shares):
    # given two photographs, one with almost no weight
    other = _changed(photo, encoded=photo.encoded, **changes)
    maker, rng = PairMaker([photo, other], shares), np.random.default_rng(0)
    drawn = []
    maker.forge = (
        lambda photo, face, rng: (  # type: ignore[method-assign]
            drawn.append(photo),
            (face.image, face.image, np.ones(face.image.shape[:2], np.float32)),
        )[1]
    )

    # then only the other is drawn
    for _ in range(10):
        maker.draw(MILD, rng)
    assert all(photo is other for photo in drawn)


def test_missing_real_photographs_raise(photo):
    with pytest.raises(NoPhotographsError, match="no real photographs"):
        PairMaker([_changed(photo, forged=True)])


def test_photograph_is_tight_if_the_jaw_is_at_the_edge(photo):
    shape = (512, 512)
    assert not is_tight(photo.landmarks, shape)
    assert is_tight(photo.landmarks - np.array([160, 60], np.float32), (105, 105))


@pytest.mark.parametrize("codec", CODECS)
def test_codec_keeps_the_picture_recognisable(portrait, codec):
    compressed = CODECS[codec](portrait[:201, :203], 30 if codec == "h264" else 70)
    height, width = compressed.shape[:2]
    assert (height, width) == ((200, 202) if codec == "h264" else (201, 203))
    assert 0 < np.abs(compressed.astype(int) - portrait[:height, :width]).mean() < 8


def test_augmentation_is_reproducible_by_seed(portrait):
    first, again = (augment(portrait[:128, :128], 1.0, np.random.default_rng(5)) for _ in range(2))
    assert np.array_equal(first, again)
