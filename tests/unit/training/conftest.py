"""A real portrait and a photograph record of it; public domain, included in scikit-image."""

import dataclasses
import multiprocessing
from collections.abc import Iterator

import cv2
import numpy as np
import pytest
import skimage.data
import torch
from numpy.typing import NDArray

from training.batch import Batch
from training.config import DataSource, Origin, Phase, TrainingConfig
from training.datasets import Photo
from training.sources import EVEN

# Found in the portrait by MTCNN.
BOX = np.array([180.3, 60.7, 268.4, 172.2], dtype=np.float32)
LANDMARKS = np.array(
    [(205.4, 101.5), (246.9, 103.1), (225.1, 129.2), (201.2, 139.6), (245.1, 141.1)], dtype=np.float32
)


@pytest.fixture(scope="session", autouse=True)
def preloaded_fork_server() -> None:
    """Import torch once for all processes that make pairs; `test_workers.py` starts one as training does."""
    multiprocessing.get_context("forkserver").set_forkserver_preload(["training.batch_sources"])


@pytest.fixture(autouse=True)
def single_thread() -> Iterator[None]:
    """Train with one thread: with pictures this small, several threads mostly wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def portrait() -> NDArray[np.uint8]:
    return skimage.data.astronaut()


@pytest.fixture
def landmarks() -> NDArray[np.float32]:
    return LANDMARKS.copy()


@pytest.fixture(scope="session")
def photo(portrait: NDArray[np.uint8]) -> Photo:
    encoded = cv2.imencode(".png", cv2.cvtColor(portrait, cv2.COLOR_RGB2BGR))[1].tobytes()
    return Photo("astronaut.png", "people", "p1", "", BOX, LANDMARKS, encoded)


@pytest.fixture
def batch() -> Batch:
    """Four pictures of noise, the last two labelled as forged in their upper left quarter."""
    pixels = torch.rand(4, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    forged = torch.zeros(2, 1, 4, 4)
    forged[:, :, :2, :2] = 1
    return Batch(pixels, torch.tensor([0.0, 0.0, 1.0, 1.0]), forged)


@pytest.fixture
def config(tmp_path) -> TrainingConfig:
    """A tiny run from random weights: four epochs of small pictures, one pair per step."""
    return TrainingConfig(
        network="efficientnet_lite0",
        imagenet=False,
        origin=Origin(licence="none", data="a portrait"),
        data=(DataSource(folder=tmp_path),),
        run=tmp_path / "run",
        epochs=4.0,
        batch_pairs=1,
        learning_rate=1e-3,
        warmup=0.1,
        weight_decay=0.02,
        ema_decay=0.9,
        clip_norm=2.0,
        validation_pairs=2,
        validate_every=1000,
        phases=(Phase(until=0.5, size=32, strength=0.0), Phase(until=1.0, size=64, strength=1.0)),
    )


@pytest.fixture
def sources(photo, monkeypatch):
    """Two photographs of two people, returned for any data sources."""
    photos = [photo, dataclasses.replace(photo, unit="p2")]
    for module in ("train", "journal"):
        monkeypatch.setattr(f"training.{module}.read_sources", lambda *_: (photos, EVEN))
    return photos
