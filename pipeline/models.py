"""The models that are available to a process."""

from pathlib import Path

from inference.model_store import ModelStore
from inference.registry import REGISTRY_FILE
from pipeline.settings import data_folder


def model_store(registry: Path | None = None) -> ModelStore:
    """Return the models of ``registry`` (default: the shipped one) and of the data folder."""
    return ModelStore(data_folder() / "models", registry or REGISTRY_FILE)
