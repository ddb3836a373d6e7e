"""The mark is read after what platforms do to pictures, is not seen, and is only there with its key."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from skimage import data

from benchmarks.pictures import encoded_video
from inference.media.decode import decode
from inference.media.decoded import Frame, Pixels
from inference.watermark.detection import (
    ATTEMPTS,
    MAX_FALSE_POSITIVE,
    detect,
    detect_in_frames,
    needed_statistic,
)
from inference.watermark.embedding import embed
from inference.watermark.reading import false_positive_bound

KEY, OTHER_KEY = b"k" * 32, b"o" * 32
PAYLOAD = 0x123456789ABCD


def picture(name: str, short_side: int) -> Pixels:
    image = getattr(data, name)()
    scale = short_side / min(image.shape[:2])
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, None, fx=scale, fy=scale, interpolation=method), np.uint8)


def picture_of(grey: np.ndarray) -> Pixels:
    return np.ascontiguousarray(np.repeat(grey[..., None], 3, axis=2), np.uint8)


def encoded(quality: int, kind: str = ".jpg") -> Callable[[Pixels], Pixels]:
    option = cv2.IMWRITE_JPEG_QUALITY if kind == ".jpg" else cv2.IMWRITE_WEBP_QUALITY

    def change(image: Pixels) -> Pixels:
        _, file = cv2.imencode(kind, image, [option, quality])
        return np.asarray(cv2.imdecode(file, cv2.IMREAD_COLOR), np.uint8)

    return change


def scaled(x: float, y: float | None = None) -> Callable[[Pixels], Pixels]:
    def change(image: Pixels) -> Pixels:
        method = cv2.INTER_AREA if x < 1 else cv2.INTER_CUBIC
        return np.asarray(cv2.resize(image, None, fx=x, fy=y or x, interpolation=method), np.uint8)

    return change


def rotated(degrees: float) -> Callable[[Pixels], Pixels]:
    def change(image: Pixels) -> Pixels:
        height, width = image.shape[:2]
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
        return np.asarray(cv2.warpAffine(image, turn, (width, height), flags=cv2.INTER_CUBIC), np.uint8)

    return change


def cropped(share: float) -> Callable[[Pixels], Pixels]:
    def change(image: Pixels) -> Pixels:
        height, width = (int(side * share) for side in image.shape[:2])
        top, left = (image.shape[0] - height) // 3, (image.shape[1] - width) // 2
        return image[top : top + height, left : left + width]

    return change


ATTACKS: dict[str, Callable[[Pixels], Pixels]] = {
    "none": lambda image: image,
    "JPEG 50": encoded(50),
    "JPEG 30": encoded(30),
    "WebP 50": encoded(50, ".webp"),
    "half size": scaled(0.5),
    "half size, JPEG 70": lambda image: encoded(70)(scaled(0.5)(image)),
    "double size": scaled(2),
    "aspect": scaled(1.06, 1.0),
    "cropped to three quarters": cropped(0.75),
    "cropped to a half": cropped(0.5),
    "rotated by 1 degree": rotated(1),
    "rotated by 5 degrees": rotated(5),
    "mirrored": lambda image: image[:, ::-1],
    "cropped, scaled, JPEG 50": lambda image: encoded(50)(scaled(0.7)(cropped(0.75)(image))),
}


@pytest.fixture(scope="module")
def marked() -> Pixels:
    return embed(picture("chelsea", 768), PAYLOAD, KEY)


@pytest.mark.parametrize("attack", ATTACKS)
def test_the_mark_survives(marked: Pixels, attack: str) -> None:
    found = detect(np.ascontiguousarray(ATTACKS[attack](marked)), KEY)

    assert (found.present, found.payload) == (True, PAYLOAD)
    assert found.false_positive_bound <= MAX_FALSE_POSITIVE
    assert found.confidence >= 1


@pytest.mark.parametrize("name", ["coffee", "astronaut", "rocket"])
def test_the_mark_survives_in_small_pictures(name: str) -> None:
    marked = embed(picture(name, 512), PAYLOAD, KEY)

    for attack in ("JPEG 30", "half size", "cropped to three quarters", "rotated by 5 degrees"):
        assert detect(np.ascontiguousarray(ATTACKS[attack](marked)), KEY).payload == PAYLOAD, attack


def test_parts_of_tiles_count() -> None:
    """A picture as large as one tile, cut from anywhere, holds no whole one."""
    marked = embed(picture_of(data.moon()), PAYLOAD, KEY)

    assert detect(np.ascontiguousarray(marked[100:228, 77:205]), KEY).payload == PAYLOAD


@pytest.mark.parametrize(
    ("texture", "side"), [(data.grass, 320), (data.gravel, 384)], ids=["grass", "gravel"]
)
def test_cut_textures_are_read(texture: Callable[[], np.ndarray], side: int) -> None:
    """Their pilots are too weak to measure a distortion, and there is none."""
    marked = embed(picture_of(texture()), PAYLOAD, KEY)

    assert detect(np.ascontiguousarray(marked[100:, 77:][:side, :side]), KEY).payload == PAYLOAD


def moving(count: int) -> list[Pixels]:
    """Return frames that pan over a picture, as a camera does."""
    image = picture("coffee", 720)
    return [image[number : number + 512, 2 * number : 2 * number + 640] for number in range(count)]


def test_the_evidence_of_frames_adds_up() -> None:
    """Given frames that have lost the mark, each for itself."""
    noise = np.random.default_rng(0)
    frames = [embed(frame, PAYLOAD, KEY, 46) + noise.normal(0, 90, frame.shape) for frame in moving(8)]
    noisy = [Frame(np.clip(np.rint(frame), 0, 255).astype(np.uint8)) for frame in frames]

    assert detect_in_frames(noisy, KEY).payload == PAYLOAD
    assert not any(detect(frame.image, KEY, search=False).present for frame in noisy)


@pytest.mark.parametrize("crf", [23, 32])
def test_a_video_that_moves_is_read_by_its_keyframes(crf: int) -> None:
    """Given two seconds of H.264, decoded as they are for detection."""
    data = encoded_video([embed(frame, PAYLOAD, KEY) for frame in moving(50)], crf)
    frames = decode(data, "video/mp4").frames

    assert [frame.keyframe for frame in frames].count(True) == 1
    assert detect_in_frames(frames, KEY, search=False).payload == PAYLOAD
    assert not detect_in_frames(frames[1:], KEY, search=False).present


def test_frames_that_were_scaled_to_save_memory_are_read_in_place() -> None:
    frames = [embed(frame, PAYLOAD, KEY) for frame in moving(4)]
    smaller = [Frame(scaled(0.7)(frame)) for frame in frames]

    assert detect_in_frames(smaller, KEY, size=(512, 640), search=False).payload == PAYLOAD
    assert not detect_in_frames(smaller, KEY, search=False).present


def psnr(image: Pixels, marked: Pixels) -> float:
    return float(10 * np.log10(255**2 / np.mean((marked.astype(float) - image) ** 2)))


@pytest.mark.parametrize("wanted", [43.0, 46.0])
@pytest.mark.parametrize("short_side", [256, 512, 1200])
def test_the_mark_is_as_strong_as_asked(short_side: int, wanted: float) -> None:
    image = picture("coffee", short_side)

    assert psnr(image, embed(image, PAYLOAD, KEY, wanted)) == pytest.approx(wanted, abs=0.5)


def test_dense_textures_get_a_stronger_mark_than_smooth_pictures() -> None:
    texture, smooth = picture_of(data.grass()), picture("chelsea", 512)
    marked = embed(texture, PAYLOAD, KEY)

    assert 37.5 < psnr(texture, marked) < 40
    assert 45 < psnr(smooth, embed(smooth, PAYLOAD, KEY)) < 46.5
    assert detect(encoded(75)(marked), KEY).payload == PAYLOAD


def test_flat_areas_carry_less() -> None:
    image = np.full((512, 512, 3), 128, np.uint8)
    image[:, 256:] = picture("coffee", 512)[:, :256]
    change = embed(image, PAYLOAD, KEY).astype(float) - image

    assert change[:, :200].std() < 0.6 * change[:, 300:].std()


def test_a_flat_picture_gets_a_mark_that_is_not_seen_and_can_be_read() -> None:
    image = np.full((512, 512, 3), 235, np.uint8)
    marked = embed(image, PAYLOAD, KEY)

    assert (marked.astype(float) - image).std() < 1.0
    assert detect(marked, KEY).payload == PAYLOAD


@pytest.mark.parametrize("name", ["chelsea", "coffee", "astronaut"])
def test_no_mark_is_found_where_there_is_none(name: str) -> None:
    image = picture(name, 384)

    found = detect(image, KEY)

    assert (found.present, found.payload) == (False, None)
    assert found.false_positive_bound > MAX_FALSE_POSITIVE


def test_a_mark_of_another_key_is_not_found(marked: Pixels) -> None:
    found = detect(marked, OTHER_KEY)

    assert (found.present, found.payload) == (False, None)
    assert found.confidence < 1


def test_without_a_search_only_marks_in_place_are_found(marked: Pixels) -> None:
    assert detect(marked, KEY, search=False).payload == PAYLOAD
    assert not detect(cropped(0.75)(marked), KEY, search=False).present


def test_the_bound_counts_every_attempt() -> None:
    """Given the statistic that is needed, the bound over all attempts and words is a billionth."""
    needed = needed_statistic()

    assert false_positive_bound(needed, ATTEMPTS) == pytest.approx(MAX_FALSE_POSITIVE, rel=1e-3)
    assert needed == pytest.approx(
        np.sqrt(2 * (np.log(ATTEMPTS) + 52 * np.log(2) - np.log(MAX_FALSE_POSITIVE))), abs=1e-3
    )
    assert false_positive_bound(0, ATTEMPTS) == 1


def test_a_key_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="a watermark key has 32 bytes, not 3"):
        detect(picture("chelsea", 256), b"abc")


@pytest.mark.parametrize("shape", [(1, 1), (20, 3000), (128, 128)])
def test_any_size_is_looked_at(shape: tuple[int, int]) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)
    assert not detect(noise, KEY).present
