"""Fixtures of the tests of detection: the shipped model, FakeME's own store and database, and a platform."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Engine

from infra.local.stack import Endpoints
from storage.database import connect
from storage.objects import ObjectStore

if TYPE_CHECKING:  # tests of the other consumers need no torch
    from inference.detector import Detector
    from pipeline.consumers.detection.consumer import Detection
    from tests.integration.pipeline.consumers.detection_steps import Platform


@pytest.fixture(scope="module")
def detector() -> "Detector":
    """The default model, on the CPU."""
    from inference.checkpoint import default_model_dir
    from inference.detector import Detector

    return Detector.load(Path(os.environ.get("FAKEME_DETECTION__MODEL") or default_model_dir()), "cpu")


@pytest.fixture(scope="module")
def database(database_url: str) -> Engine:
    """The module's database."""
    return connect(database_url)


@pytest.fixture(scope="module")
def objects(stack: Endpoints) -> ObjectStore:
    """The store, with FakeME's key."""
    return ObjectStore(stack.s3_endpoint, "us-east-1", stack.s3_access_key, stack.s3_secret_key)


@pytest.fixture
def detection(detector: "Detector", objects: ObjectStore, database: Engine) -> "Detection":
    """Detection on the real services."""
    from tests.integration.pipeline.consumers.detection_steps import make_detection

    return make_detection(detector, objects, database)


@pytest.fixture
def platform(platform_s3: Any) -> "Platform":
    """A platform that uploads to the media bucket."""
    from tests.integration.pipeline.consumers.detection_steps import Platform

    return Platform(platform_s3)
