"""Batches of real pictures and their forgeries: equal outside the mask, reproducible by seed."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch

from training.config import Phase
from training.datasets import Photo
from training.errors import NoPhotographsError, PhotoUnreadableError
from training.torch_forgeries import BatchMaker, PhotoStore
from training.torch_forgeries.augment import augment
from training.torch_forgeries.blends import Faces, forge
from training.torch_forgeries.sampling import PhotoSampler

CPU = torch.device("cpu")
CANVAS = 144


@pytest.fixture
def photos(photo, portrait) -> list[Photo]:
    """The portrait, and a second person: the portrait mirrored, darker and wider."""
    other = cv2.resize((portrait[:, ::-1] * 0.8).astype(np.uint8), (600, 512))
    points = photo.landmarks[[1, 0, 2, 4, 3]] * np.array([-1, 1], np.float32)
    points += np.array([511, 0], np.float32)
    box = np.array([511 - photo.box[2], photo.box[1], 511 - photo.box[0], photo.box[3]], np.float32)
    wide = np.array([600 / 512, 1], np.float32)
    encoded = cv2.imencode(".png", other[..., ::-1])[1].tobytes()
    stranger = replace(
        photo, name="b", unit="p2", encoded=encoded, landmarks=points * wide, box=box * np.tile(wide, 2)
    )
    return [photo, stranger]


@pytest.fixture
def store(photos) -> PhotoStore:
    return PhotoStore.read(photos, CPU, canvas=CANVAS, threads=1)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_large_photographs_are_shrunk_with_their_faces(store, photos):
    # given a square and a wide photograph, both larger than the canvas
    assert store.sizes.tolist() == [[144, 144], [123, 144]]
    assert torch.allclose(store.landmarks[0], torch.from_numpy(photos[0].landmarks) * 144 / 512)
    assert store.pictures[1, :, 123:].max() == 0
    assert store.units[0] != store.units[1]


def test_unreadable_and_missing_photographs_raise(photo):
    with pytest.raises(PhotoUnreadableError, match=r"people/astronaut.png cannot be decoded"):
        PhotoStore.read([replace(photo, encoded=b"no picture")], CPU)
    with pytest.raises(NoPhotographsError):
        PhotoStore.read([], CPU)


def test_a_pair_is_the_same_outside_its_mask(store):
    # given twelve pairs of all kinds
    numbers = torch.arange(12) % 2
    faces, others = (
        Faces(store.pictures[n].float(), store.sizes[n], store.landmarks[n]) for n in (numbers, 1 - numbers)
    )
    reals, forged, masks = forge(faces, others, store.tight[numbers], seeded())

    # then they differ inside the masks only, and all pixels are 8-bit integers
    differs = (reals != forged).any(1, keepdim=True)
    assert not differs[masks == 0].any()
    assert (differs & (masks > 0.2)).flatten(1).sum(1).min() > 20
    for pictures in (reals, forged):
        assert torch.equal(pictures, pictures.round())
        assert pictures.min() >= 0
        assert pictures.max() <= 255


@pytest.mark.parametrize("strength", [0.0, 1.0])
def test_both_pictures_of_a_pair_are_augmented_alike(strength):
    pictures = torch.randint(0, 256, (16, 1, 3, 64, 64), generator=seeded()).float().expand(-1, 2, -1, -1, -1)
    augmented = augment(pictures, torch.full((16,), 50), strength, seeded(1))
    assert torch.equal(augmented[:, 0], augmented[:, 1])
    assert not torch.equal(augmented, pictures)


def test_batches_are_reproducible_by_seed(store):
    maker, phase = BatchMaker(store, chunk=2), Phase(until=1, size=64, strength=1.0)
    crops, labels, masks = maker.draw(3, phase, seeded(5))
    again, other = (maker.draw(3, phase, seeded(seed))[0] for seed in (5, 6))
    assert crops.shape == (6, 3, 64, 64)
    assert crops.dtype == torch.uint8
    assert labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert masks.shape == (3, 1, 64, 64)
    assert 0 <= masks.min() <= masks.max() <= 1
    assert torch.equal(crops, again)
    assert not torch.equal(crops, other)


def test_windows_show_the_forgery(store):
    phase = Phase(until=1, size=96, window=64, strength=0.0)
    crops, _, masks = BatchMaker(store).draw(4, phase, seeded(2))
    assert crops.shape == (8, 3, 64, 64)
    assert masks.shape == (4, 1, 64, 64)
    assert masks.amax((1, 2, 3)).min() > 0.3


def test_sources_are_other_people_of_the_same_collection(store):
    drawn = PhotoSampler(store).draw(40, seeded())
    assert drawn.reals.unique().tolist() == [0, 1]
    assert (drawn.sources != drawn.reals).float().mean() > 0.9  # all six candidates may be the same person
    assert not drawn.labelled.any()


def test_forgeries_of_a_collection_are_paired_with_their_originals(photos):
    # given a forgery of the first photograph's person
    fake = replace(photos[0], name="f", forged=True, method="swap", media="f", original="m1")
    photos = [replace(photos[0], media="m1"), replace(photos[1], media="m2"), fake]
    store = PhotoStore.read(photos, CPU, canvas=CANVAS, threads=1)

    # when drawn
    drawn = PhotoSampler(store).draw(60, seeded())

    # then about half of the pairs use it, with its original, and it is never used as real
    assert drawn.labelled.float().mean() == pytest.approx(0.5, abs=0.25)
    assert drawn.reals[drawn.labelled].unique().tolist() == [0]
    assert drawn.forgeries[drawn.labelled].unique().tolist() == [2]
    assert 2 not in drawn.reals.tolist() + drawn.sources.tolist()
    crops, _, masks = BatchMaker(store).draw(6, Phase(until=1, size=32, strength=0.5), seeded(1))
    assert crops.shape == (12, 3, 32, 32)
    unknown = masks.isnan().flatten(1)
    assert torch.equal(unknown.any(1), unknown.all(1))
    assert 0 < int(unknown.all(1).sum()) < 6
