"""A real portrait, and a photograph record of it; public domain, shipped by scikit-image."""

import cv2
import numpy as np
import pytest
import skimage.data
from numpy.typing import NDArray

from training.datasets import Photo

# What MTCNN finds in the portrait.
BOX = np.array([180.3, 60.7, 268.4, 172.2], dtype=np.float32)
LANDMARKS = np.array(
    [(205.4, 101.5), (246.9, 103.1), (225.1, 129.2), (201.2, 139.6), (245.1, 141.1)], dtype=np.float32
)


@pytest.fixture(scope="session")
def portrait() -> NDArray[np.uint8]:
    return skimage.data.astronaut()


@pytest.fixture
def landmarks() -> NDArray[np.float32]:
    return LANDMARKS.copy()


@pytest.fixture
def photo(portrait: NDArray[np.uint8]) -> Photo:
    encoded = cv2.imencode(".png", cv2.cvtColor(portrait, cv2.COLOR_RGB2BGR))[1].tobytes()
    return Photo("astronaut.png", "people", "p1", "", BOX, LANDMARKS, encoded)
