"""Face detection on a real portrait: positions, pixels, and no false detections."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from skimage import data

from inference.face_detection import PASS_PIXELS, FaceDetector, downscale, search_side
from tests.unit.inference.media_samples import portrait

PORTRAIT_FACE = (181, 62, 268, 172)  # of the 512 x 512 portrait, annotated by hand


@pytest.fixture(scope="module")
def detector() -> FaceDetector:
    return FaceDetector(torch.device("cpu"))


def test_pictures_of_mixed_sizes_keep_their_order_and_their_pixels(detector: FaceDetector) -> None:
    small, large = np.asarray(portrait()), np.asarray(portrait(2048, 2048))

    in_small, in_coffee, in_large, in_dot = detector.detect([small, data.coffee(), large, small[:10, :10]])

    assert (len(in_small), in_coffee, len(in_large), in_dot) == (1, [], 1, [])
    assert in_small[0].box == pytest.approx(PORTRAIT_FACE, abs=4)
    assert in_large[0].box == pytest.approx([4 * edge for edge in PORTRAIT_FACE], abs=24)
    assert in_small[0].probability > 0.99


def test_landmarks_are_eyes_nose_and_mouth_from_the_left(detector: FaceDetector) -> None:
    (face,) = detector.detect([np.asarray(portrait())])[0]
    left_eye, right_eye, nose, left_mouth, right_mouth = face.landmarks
    assert left_eye[0] < nose[0] < right_eye[0]
    assert left_mouth[0] < right_mouth[0]
    assert left_eye[1] < nose[1] < left_mouth[1]


def test_every_face_in_a_picture_is_found(detector: FaceDetector) -> None:
    row = np.concatenate([np.asarray(portrait())] * 3, axis=1)
    centres = sorted((face.box[0] + face.box[2]) / 2 for face in detector.detect([row])[0])
    assert centres == pytest.approx([224, 736, 1248], abs=8)


@pytest.mark.parametrize("shape", [(1, 1), (20, 20), (21, 300), (5000, 7), (20, 3000)])
def test_unusual_sizes_cause_no_error(detector: FaceDetector, shape: tuple[int, int]) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    assert detector.detect([noise]) == [[]]


@pytest.mark.parametrize(("longer", "side"), [(300, 640), (1632, 816), (4000, 1280)])
def test_search_side(longer: int, side: int) -> None:
    assert search_side(np.zeros((10, longer, 3), np.uint8)) == side


def test_downscale_never_enlarges() -> None:
    assert downscale(np.zeros((30, 40, 3), np.uint8), 640).shape == (30, 40, 3)
    assert downscale(np.zeros((1224, 1632, 3), np.uint8), 816).shape == (612, 816, 3)


def test_memory_of_a_pass_is_bounded_whatever_the_number_of_pictures(
    detector: FaceDetector, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given eight pictures of 12 MP without a face, no pass is larger than stated."""
    passes = []

    def detect(pictures: NDArray[np.uint8], *, landmarks: bool) -> tuple[list[None], ...]:
        passes.append(pictures.shape)
        return ([None] * len(pictures),) * (2 + landmarks)

    monkeypatch.setattr(detector._mtcnn, "detect", detect)
    detector.detect([np.zeros((3000, 4000, 3), np.uint8)] * 3 + [np.zeros((720, 1280, 3), np.uint8)] * 32)

    assert [shape for shape in passes if shape[0] * shape[1] * shape[2] > PASS_PIXELS] == [
        (1, 1440, 1920, 3)
    ] * 3  # a single picture may be larger
    assert sum(shape[0] for shape in passes) == 3 + 32 + 3
    assert len(passes) == 2 + 4 + 3
