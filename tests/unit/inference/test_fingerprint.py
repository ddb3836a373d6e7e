"""PDQ hashes: close for a re-encoded picture, far for another, and not taken from a black frame."""

import io

import numpy as np
from PIL import Image
from skimage import data

from inference.fingerprint import fingerprint, media_fingerprint
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
    assert media_fingerprint([shown, black, black]) == fingerprint(shown.image)
    assert media_fingerprint([black]).quality == 0
