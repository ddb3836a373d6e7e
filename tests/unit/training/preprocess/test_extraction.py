"""Extraction of crops from pictures and videos, with real face detection."""

import io

import av
import cv2
import numpy as np
import pytest
import torch

from inference.face_detection import FaceDetector
from inference.media import decode
from tests.unit.training.conftest import BOX, LANDMARKS
from tests.unit.training.preprocess.trees import media_in, write_files
from training.preprocess.extraction import extract
from training.preprocess.media import Framing, Kind, RawMedia
from training.preprocess.options import Options


@pytest.fixture(scope="module")
def find():
    return FaceDetector(torch.device("cpu")).detect


def picture(pixels, suffix=".png"):
    return cv2.imencode(suffix, cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))[1].tobytes()


def video(frames):
    """Encode the frames as H.264 at 10 fps."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as output:
        stream = output.add_stream("libx264", rate=10)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        for pixels in frames:
            for packet in stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")):
                output.mux(packet)
        for packet in stream.encode():
            output.mux(packet)
    return buffer.getvalue()


def expected_landmarks(size, margin):
    """Return the expected landmarks of the portrait in its crop."""
    side = (BOX[3] - BOX[1]) * (1 + margin)
    corner = (BOX[:2] + BOX[2:]) / 2 - side / 2
    return (LANDMARKS - corner) * size / side


def test_a_picture_of_a_face(tmp_path, portrait, find):
    write_files(tmp_path, {"real/a.png": picture(portrait)})
    (media,) = media_in("plain", tmp_path).values()
    outcome = extract(media, Options("plain"), find)

    # then there is one crop of 224 px with the face in its middle and the landmarks on it
    (kept,) = outcome.kept
    (frame,) = decode(kept.encoded, "image/jpeg").frames
    assert frame.image.shape == (224, 224, 3)
    points = np.array(kept.row["landmarks"]).reshape(5, 2)
    assert np.abs(points - expected_landmarks(224, 0.6)).max() < 3
    box = np.array(kept.row["box"])
    assert np.abs((box[:2] + box[2:]) / 2 - 112).max() < 1.5
    assert (box[3] - box[1]) * 1.6 == pytest.approx(224, abs=2)
    assert kept.row["pixels"] == pytest.approx(88, abs=4)


def test_video_frames_are_sampled_and_frames_without_face_are_counted(tmp_path, portrait, find):
    # given a forged video without a face in its second half
    face, empty = portrait[:256, 64:320], np.full((256, 256, 3), 90, np.uint8)
    write_files(tmp_path, {"fake/simswap/v.mp4": video([face] * 10 + [empty] * 10)})
    (media,) = media_in("plain", tmp_path).values()
    assert media.kind is Kind.VIDEO

    # when four frames are sampled
    outcome = extract(media, Options("plain", frames=4), find)

    # then two frames give crops, in order, and two are counted as without face
    assert [(kept.row["frame"], kept.row["seconds"]) for kept in outcome.kept] == [
        (0, 0.0),  # the keyframe
        (1, pytest.approx(0.7, abs=0.11)),
    ]
    assert all(kept.row["method"] == "simswap" and kept.row["forged"] for kept in outcome.kept)
    assert len({kept.row["name"] for kept in outcome.kept}) == 2
    assert outcome.rejected == {"no_face": 2}


def test_an_aligned_picture_is_kept_unchanged(tmp_path, portrait, find):
    # given a picture that is filled by a face
    tight = cv2.resize(portrait[55:180, 163:288], (200, 200), interpolation=cv2.INTER_AREA)
    encoded = picture(tight, ".jpg")
    write_files(tmp_path, {"real/a.jpg": encoded})
    (scene,) = media_in("plain", tmp_path).values()
    media = RawMedia(scene.entry, "a.jpg", framing=Framing.ALIGNED)

    # when its face is detected
    (kept,) = extract(media, Options("faces"), find).kept

    # then the bytes are the same, and the landmarks are in the picture's own pixels
    assert kept.encoded == encoded
    points = np.array(kept.row["landmarks"]).reshape(5, 2)
    assert np.abs(points - (LANDMARKS - (163, 55)) * 200 / 125).max() < 6
    assert (kept.row["name"], kept.row["width"]) == ("a.jpg", 200)


def test_a_small_face_is_counted(tmp_path, portrait, find):
    write_files(tmp_path, {"real/a.png": picture(portrait)})
    (media,) = media_in("plain", tmp_path).values()
    outcome = extract(media, Options("plain", min_pixels=200), find)
    assert (outcome.kept, outcome.rejected) == ([], {"small": 1})


@pytest.mark.parametrize(
    ("content", "reason"), [(b"", "empty"), (b"no picture", "unsupported_type"), (None, "truncated")]
)
def test_a_broken_file_is_a_failure_with_its_reason(tmp_path, portrait, content, reason):
    whole = picture(portrait)
    write_files(tmp_path, {"real/a.png": whole[: len(whole) // 2] if content is None else content})
    (media,) = media_in("plain", tmp_path).values()
    outcome = extract(
        media, Options("plain"), lambda images: pytest.fail("no face may be detected in an unreadable file")
    )
    assert outcome.failure.startswith(reason)
    assert outcome.path == "real/a.png"
