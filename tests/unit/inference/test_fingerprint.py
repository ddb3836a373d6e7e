"""PDQ hashes: close for a re-encoded picture, far for another, and not taken from a black frame."""

import io

import numpy as np
import pytest
from PIL import Image
from skimage import data

from inference.fingerprint import comparable, dihedral, fingerprint, frame_fingerprints, representative
from inference.media import Frame
from tests.unit.inference.media_samples import encoded, portrait


def bits_apart(a: str, b: str) -> int:
    return (int(a, 16) ^ int(b, 16)).bit_count()


def test_reencoding_and_scaling_change_few_bits_and_another_picture_many() -> None:
    original = fingerprint(np.asarray(portrait()))
    with Image.open(io.BytesIO(encoded(portrait(), "JPEG", quality=30))) as poor:
        again = fingerprint(np.asarray(poor))
    larger = fingerprint(np.asarray(portrait(1000, 1000)))
    other = fingerprint(data.coffee())

    assert (len(original.pdq), original.quality) == (64, 100)
    assert bits_apart(original.pdq, again.pdq) <= 31  # the distance that PDQ's authors call a match
    assert bits_apart(original.pdq, larger.pdq) <= 31
    assert bits_apart(original.pdq, other.pdq) > 80


def test_a_black_middle_frame_is_skipped() -> None:
    black, shown = Frame(np.zeros((64, 64, 3), np.uint8), 1.0), Frame(np.asarray(portrait()), 0.0)
    prints = frame_fingerprints([shown, black, black])
    assert representative(prints) == fingerprint(shown.image)
    assert comparable(prints) == (fingerprint(shown.image).pdq,)
    assert representative(frame_fingerprints([black])).quality == 0
    assert comparable(frame_fingerprints([black])) == ()


@pytest.mark.parametrize("picture", ["astronaut", "coffee", "chelsea", "rocket"])
def test_hashes_of_mirrored_and_rotated_pictures_follow_from_one(picture: str) -> None:
    image = getattr(data, picture)()
    turned = [image, image[::-1], image[:, ::-1], image[::-1, ::-1]]
    turned += [np.swapaxes(each, 0, 1) for each in turned]
    expected = [fingerprint(np.ascontiguousarray(each)).pdq for each in turned]

    variants = dihedral(expected[0])

    assert variants[0] == expected[0]
    assert all(min(bits_apart(pdq, variant) for variant in variants) <= 31 for pdq in expected)
    assert all(expected[0] in dihedral(variant) for variant in variants)  # they form a group
