"""Check whether a detected face is good enough for training: size, sharpness and pose. Pure functions."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.face import Box, Face, Point

SHARPNESS_SIDE = 112  # sharpness is measured at one size, because enlargement lowers the variance


class Rejection(StrEnum):
    """Why a face is rejected; only the first applicable reason is counted."""

    SMALL = "small"
    BLURRED = "blurred"
    UPSIDE_DOWN = "upside_down"
    TURNED = "turned"  # nearly a profile: half of the face is not visible
    TILTED = "tilted"


@dataclass(frozen=True, slots=True)
class Pose:
    """Head pose from five landmarks.

    ``turn``: 0 if frontal, ±1 if the nose tip is level with an eye (about 45 degrees), more for a profile;
    ``tilt``: rotation of the line between the eyes in degrees, ±180; ``upright``: whether the mouth is below
    the eyes in the picture.
    """

    turn: float
    tilt: float
    upright: bool


@dataclass(frozen=True, slots=True)
class Quality:
    """``pixels``: shorter edge of the face box; ``sharpness``: see :func:`sharpness`."""

    pixels: float
    sharpness: float
    pose: Pose


@dataclass(frozen=True, slots=True)
class QualityThresholds:
    """Limits that a face must meet to be kept."""

    pixels: float = 56.0  # with the margin, the crop is enlarged to 224 px by at most 2.5 times
    sharpness: float = 12.0  # portraits have 100 to 1,000; below 12, no trace of a blend survives
    turn: float = 1.1
    tilt: float = 60.0


def pose_of(landmarks: Sequence[Point]) -> Pose:
    """Return the pose from eyes, nose and mouth corners; the left one in the picture first."""
    left, right, nose, *mouth = (np.asarray(point, dtype=np.float64) for point in landmarks)
    eyes = right - left
    distance = max(float(np.linalg.norm(eyes)), 1e-6)
    along = float((nose - (left + right) / 2) @ eyes) / distance**2
    tilt = float(np.degrees(np.arctan2(eyes[1], eyes[0])))
    below = (mouth[0] + mouth[1]) / 2 - (left + right) / 2
    return Pose(turn=2 * along, tilt=tilt, upright=bool(below[1] > 0))


def sharpness(image: NDArray[np.uint8], box: Box) -> float:
    """Return the variance of the Laplacian of the face at 112 px at most (Pech-Pacheco et al., 2000).

    ``image`` is (H, W, 3) uint8 RGB, ``box`` is in its pixels. Return 0 if the box is outside the picture.
    """
    x0, y0, x1, y1 = (max(round(edge), 0) for edge in box)
    face = image[y0:y1, x0:x1]
    if face.size == 0:
        return 0.0
    grey = cv2.cvtColor(face, cv2.COLOR_RGB2GRAY)
    scale = SHARPNESS_SIDE / max(grey.shape)
    if scale < 1:
        size = (max(round(grey.shape[1] * scale), 1), max(round(grey.shape[0] * scale), 1))
        grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    return float(cv2.Laplacian(grey, cv2.CV_64F).var())


def measure(image: NDArray[np.uint8], face: Face) -> Quality:
    """Return the quality of a face in a picture, (H, W, 3) uint8 RGB."""
    return Quality(face.shorter_edge, sharpness(image, face.box), pose_of(face.landmarks))


def rejection_of(quality: Quality, thresholds: QualityThresholds) -> Rejection | None:
    """Return why a face is rejected, or None if it is kept."""
    pose = quality.pose
    checks = (
        (quality.pixels < thresholds.pixels, Rejection.SMALL),
        (quality.sharpness < thresholds.sharpness, Rejection.BLURRED),
        (not pose.upright, Rejection.UPSIDE_DOWN),
        (abs(pose.turn) > thresholds.turn, Rejection.TURNED),
        (abs(pose.tilt) > thresholds.tilt, Rejection.TILTED),
    )
    return next((rejection for failed, rejection in checks if failed), None)
