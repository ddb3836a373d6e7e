"""The predecessor's mark is recovered from lossless copies, and never seen in pictures without one."""

import cv2
import numpy as np
import pytest
from skimage import data

from inference.media.decoded import Pixels
from inference.watermark.text_template import detect_text, embed_text, recover_text

PICTURES = ("astronaut", "coffee", "chelsea", "rocket", "retina", "immunohistochemistry", "colorwheel")


@pytest.fixture(params=PICTURES)
def picture(request: pytest.FixtureRequest) -> Pixels:
    return np.asarray(getattr(data, request.param)()[..., :3], np.uint8)


def test_the_mark_is_found_and_hardly_changes_the_picture(picture: Pixels) -> None:
    marked = embed_text(picture)
    found = detect_text(marked)

    assert found.present
    assert found.confidence >= 1
    assert np.abs(marked.astype(int) - picture).max() == 1
    assert np.array_equal(marked[..., 1:], picture[..., 1:])


def test_unmarked_pictures_and_lossy_copies_have_none(picture: Pixels) -> None:
    _, lossy = cv2.imencode(".jpg", embed_text(picture), [cv2.IMWRITE_JPEG_QUALITY, 95])

    assert not detect_text(picture).present
    assert not detect_text(np.asarray(cv2.imdecode(lossy, cv2.IMREAD_COLOR), np.uint8)).present


def test_the_recovered_text_is_what_was_drawn() -> None:
    # given a picture whose red is everywhere even, in which only the text is odd
    picture = np.full((300, 400, 3), 100, np.uint8)
    recovered = recover_text(embed_text(picture, "HELLO", seed=3))

    assert set(np.unique(recovered).tolist()) == {0, 255}
    assert np.array_equal(recovered == 255, embed_text(picture, "HELLO", seed=3)[..., 0] == 101)


@pytest.mark.parametrize("value", [0, 1, 254, 255])
def test_flat_pictures_have_no_mark(value: int) -> None:
    assert not detect_text(np.full((200, 200, 3), value, np.uint8)).present


@pytest.mark.parametrize("step", [2, 4, 16, 32])
def test_posterised_pictures_have_no_mark(step: int) -> None:
    ramp = np.tile(np.arange(256, dtype=np.uint8), (64, 4))
    for picture in (ramp, data.astronaut()[..., 0]):
        coarse = np.repeat((picture // step * step)[..., None], 3, axis=2).astype(np.uint8)
        assert not detect_text(coarse).present


def test_noise_has_no_mark_and_a_small_picture_no_room() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (256, 256, 3), dtype=np.uint8)
    assert not detect_text(noise).present
    with pytest.raises(ValueError, match="20 x 20 pixels: the text 'FAKE_ME' needs"):
        embed_text(noise[:20, :20])
