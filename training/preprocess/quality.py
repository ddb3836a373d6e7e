"""Whether a found face is good enough to learn from: size, sharpness, pose; pure functions."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.face import Box, Face, Point

SHARPNESS_SIDE = 112  # faces are compared at one size, since the variance falls with enlargement


class Rejection(StrEnum):
    """Why a face is not kept; the first that holds is counted."""

    SMALL = "small"
    BLURRED = "blurred"
    UPSIDE_DOWN = "upside_down"
    TURNED = "turned"  # nearly a profile: half of the face is not there
    TILTED = "tilted"


@dataclass(frozen=True, slots=True)
class Pose:
    """Of the head, from five landmarks.

    ``turn``: 0 frontal, ±1 where the nose tip stands over an eye (about 45 degrees), beyond that a profile;
    ``tilt``: degrees by which the line of the eyes is rotated, ±180; ``upright``: the mouth is below the eyes
    as the picture is held.
    """

    turn: float
    tilt: float
    upright: bool


@dataclass(frozen=True, slots=True)
class Quality:
    """``pixels``: shorter edge of the face's box; ``sharpness``: see :func:`sharpness`."""

    pixels: float
    sharpness: float
    pose: Pose


@dataclass(frozen=True, slots=True)
class Demands:
    """What is kept."""

    pixels: float = 56.0  # with the margin, a crop of 224 px is enlarged 2.5 times at most
    sharpness: float = 12.0  # portraits have 100 to 1,000; below it no trace of a blend survives
    turn: float = 1.1
    tilt: float = 60.0


def pose_of(landmarks: Sequence[Point]) -> Pose:
    """Pose from eyes, nose and mouth corners, left in the picture first."""
    left, right, nose, *mouth = (np.asarray(point, dtype=np.float64) for point in landmarks)
    eyes = right - left
    distance = max(float(np.linalg.norm(eyes)), 1e-6)
    along = float((nose - (left + right) / 2) @ eyes) / distance**2
    tilt = float(np.degrees(np.arctan2(eyes[1], eyes[0])))
    below = (mouth[0] + mouth[1]) / 2 - (left + right) / 2
    return Pose(turn=2 * along, tilt=tilt, upright=bool(below[1] > 0))


def sharpness(image: NDArray[np.uint8], box: Box) -> float:
    """Variance of the Laplacian over the face, reduced to at most 112 px (Pech-Pacheco et al., 2000).

    ``image`` is (H, W, 3) uint8 RGB, ``box`` in its pixels; 0 where nothing of the box is in the picture.
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
    """Quality of a face in a picture, (H, W, 3) uint8 RGB."""
    return Quality(face.shorter_edge, sharpness(image, face.box), pose_of(face.landmarks))


def judge(quality: Quality, demands: Demands) -> Rejection | None:
    """Why a face is not kept, or None where it is."""
    pose = quality.pose
    verdicts = (
        (quality.pixels < demands.pixels, Rejection.SMALL),
        (quality.sharpness < demands.sharpness, Rejection.BLURRED),
        (not pose.upright, Rejection.UPSIDE_DOWN),
        (abs(pose.turn) > demands.turn, Rejection.TURNED),
        (abs(pose.tilt) > demands.tilt, Rejection.TILTED),
    )
    return next((rejection for failed, rejection in verdicts if failed), None)
