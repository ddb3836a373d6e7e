"""Short videos made from held-out photographs, real or forged frame by frame, encoded as H.264.

The camera moves like a hand-held one; the face itself does not move. Frames are forged before encoding, as in
real deepfake videos.
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

FRAMES = 32  # as many as are scored in production
FRAME_RATE = 25
CRF = 23  # x264's default
MAX_SHIFT, MAX_TURN, MAX_ZOOM = 0.05, 2.5, 0.04  # camera motion: share of the face size, degrees, share
LANDMARK_JITTER = 0.004  # standard deviation from frame to frame, as a share of the face size


@dataclass(frozen=True, slots=True)
class Clip:
    """Decoded frames and the face box of each (F, 4)."""

    frames: list[Image]
    boxes: NDArray[np.float32]


def camera_path(frames: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return a smooth path (frames, 4) in [-1, 1]: horizontal shift, vertical shift, turn and zoom.

    Each component is the sum of two slow sine waves with random phases.
    """
    time = np.linspace(0, 1, frames)[:, None]
    waves = [np.sin(2 * np.pi * (time * rng.uniform(0.3, 1.5, 4) + rng.uniform(0, 1, 4))) for _ in range(2)]
    return np.asarray(0.7 * waves[0] + 0.3 * waves[1])


def camera_transforms(photo: Photo, frames: int, rng: np.random.Generator) -> list[NDArray[np.float64]]:
    """Return each frame's (2, 3) similarity transform from the photograph, centred on the face."""
    x0, y0, x1, y1 = photo.box.tolist()
    centre, size = ((x0 + x1) / 2, (y0 + y1) / 2), max(x1 - x0, y1 - y0)
    transforms = []
    for across, down, turn, zoom in camera_path(frames, rng).tolist():
        matrix = np.asarray(cv2.getRotationMatrix2D(centre, turn * MAX_TURN, 1 + zoom * MAX_ZOOM), np.float64)
        matrix[:, 2] += np.array([across, down]) * MAX_SHIFT * size
        transforms.append(matrix)
    return transforms


def transform(photo: Photo, image: Image, matrix: NDArray[np.float64]) -> tuple[Photo, Image]:
    """Return the photograph (box and landmarks) and its pixels after a similarity; edges are mirrored."""
    size = (image.shape[1], image.shape[0])
    moved = cv2.warpAffine(image, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
    scale = float(np.hypot(matrix[0, 0], matrix[0, 1]))
    centre = matrix[:, :2] @ (photo.box[:2] + photo.box[2:]) / 2 + matrix[:, 2]
    half = (photo.box[2:] - photo.box[:2]) / 2 * scale
    box = np.concatenate([centre - half, centre + half]).astype(np.float32)
    points = (photo.landmarks @ matrix[:, :2].T + matrix[:, 2]).astype(np.float32)
    return replace(photo, box=box, landmarks=points), moved.astype(np.uint8, copy=False)


def make_clip(photo: Photo, method: Method | None, source: Photo, seed: int, frames: int = FRAMES) -> Clip:
    """Return a clip of the photograph, forged by ``method``, or real if it is None.

    ``seed`` determines the camera path and the forgery. With the same seed, a real clip and its forgery have
    the same camera path, so that they differ only by the forgery.
    """
    image, rng = decode(photo), np.random.default_rng(seed)
    size = float((photo.box[2:] - photo.box[:2]).max())
    clip_frames, boxes = [], []
    for matrix in camera_transforms(photo, frames, rng):
        moved, pixels = transform(photo, image, matrix)
        if method is not None:  # the same seed in each frame keeps the forgery consistent over the clip
            jitter = rng.normal(0, LANDMARK_JITTER * size, (5, 2)).astype(np.float32)
            jittered = replace(moved, landmarks=moved.landmarks + jitter)
            pixels = method.forge(jittered, pixels, source, np.random.default_rng(seed))
        clip_frames.append(pixels)
        boxes.append(moved.box)
    return Clip(encode_and_decode(clip_frames), np.stack(boxes))


def encode_and_decode(frames: list[Image], crf: int = CRF) -> list[Image]:
    """Return the frames (H, W, 3) after H.264 coding; odd sizes lose their last row or column."""
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
    with av.open(buffer, "r") as video:
        return [
            frame.to_ndarray(format="rgb24").astype(np.uint8, copy=False) for frame in video.decode(video=0)
        ]
