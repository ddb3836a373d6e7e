"""Short videos made of held-out photographs, real and forged frame by frame, coded as one H.264 stream.

The camera moves as a hand does; the face itself does not. Forging comes before coding, as it does elsewhere.
"""

import io
from dataclasses import dataclass, replace

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from training.datasets import Photo, decode
from training.evaluation.methods import Method

Image = NDArray[np.uint8]

FRAMES = 32  # as many as serving looks at
FRAME_RATE = 25
CRF = 23  # what encoders take when nobody chooses
SHIFT, TURN, ZOOM = 0.05, 2.5, 0.04  # of the face's size, degrees, share: the reach of the camera's motion
TREMBLE = 0.004  # of the face's size: how unsteady landmarks are from frame to frame


@dataclass(frozen=True, slots=True)
class Clip:
    """Decoded frames, each with its face box (F, 4)."""

    frames: list[Image]
    boxes: NDArray[np.float32]


def paths(frames: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return a smooth course (frames, 4) within [-1, 1] for shift across and down, turn and zoom.

    It starts anywhere on two slow waves for each.
    """
    time = np.linspace(0, 1, frames)[:, None]
    waves = [np.sin(2 * np.pi * (time * rng.uniform(0.3, 1.5, 4) + rng.uniform(0, 1, 4))) for _ in range(2)]
    return np.asarray(0.7 * waves[0] + 0.3 * waves[1])


def motions(photo: Photo, frames: int, rng: np.random.Generator) -> list[NDArray[np.float64]]:
    """Return for each frame the (2, 3) map from the photograph into it: a similarity about the face."""
    x0, y0, x1, y1 = photo.box.tolist()
    centre, size = ((x0 + x1) / 2, (y0 + y1) / 2), max(x1 - x0, y1 - y0)
    maps = []
    for across, down, turn, zoom in paths(frames, rng).tolist():
        matrix = np.asarray(cv2.getRotationMatrix2D(centre, turn * TURN, 1 + zoom * ZOOM), np.float64)
        matrix[:, 2] += np.array([across, down]) * SHIFT * size
        maps.append(matrix)
    return maps


def move(photo: Photo, image: Image, matrix: NDArray[np.float64]) -> tuple[Photo, Image]:
    """Return photograph (box and landmarks) and pixels after a similarity; edges are mirrored."""
    size = (image.shape[1], image.shape[0])
    moved = cv2.warpAffine(image, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
    scale = float(np.hypot(matrix[0, 0], matrix[0, 1]))
    middle = matrix[:, :2] @ (photo.box[:2] + photo.box[2:]) / 2 + matrix[:, 2]
    half = (photo.box[2:] - photo.box[:2]) / 2 * scale
    box = np.concatenate([middle - half, middle + half]).astype(np.float32)
    points = (photo.landmarks @ matrix[:, :2].T + matrix[:, 2]).astype(np.float32)
    return replace(photo, box=box, landmarks=points), moved.astype(np.uint8, copy=False)


def film(photo: Photo, method: Method | None, source: Photo, seed: int, frames: int = FRAMES) -> Clip:
    """Return a clip of the photograph, forged by ``method`` or real; ``seed`` decides camera and forgery.

    The same seed moves the camera alike, so that a clip and its forgery differ by the forgery alone.
    """
    image, rng = decode(photo), np.random.default_rng(seed)
    size = float((photo.box[2:] - photo.box[:2]).max())
    shown, boxes = [], []
    for matrix in motions(photo, frames, rng):
        moved, picture = move(photo, image, matrix)
        if method is not None:  # the same draw in each frame: a forger does not change hands
            shaken = moved.landmarks + rng.normal(0, TREMBLE * size, (5, 2)).astype(np.float32)
            unsteady = replace(moved, landmarks=shaken)
            picture = method.forge(unsteady, picture, source, np.random.default_rng(seed))
        shown.append(picture)
        boxes.append(moved.box)
    return Clip(code(shown), np.stack(boxes))


def code(frames: list[Image], crf: int = CRF) -> list[Image]:
    """Return the frames (H, W, 3) after one H.264 stream; odd edges lose their last row or column."""
    height, width = frames[0].shape[0] // 2 * 2, frames[0].shape[1] // 2 * 2
    buffer = io.BytesIO()
    options = {"crf": str(crf), "preset": "veryfast", "threads": "1"}
    with av.open(buffer, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=FRAME_RATE, options=options)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for frame in frames:
            pixels = np.ascontiguousarray(frame[:height, :width])
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())
    buffer.seek(0)
    with av.open(buffer, "r") as coded:
        return [one.to_ndarray(format="rgb24").astype(np.uint8, copy=False) for one in coded.decode(video=0)]
