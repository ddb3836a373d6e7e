"""Which models a process may use: the registry that it is told of, and the data folder's own."""

from pathlib import Path

from inference.model_store import ModelStore
from inference.registry import REGISTRY_FILE
from pipeline.settings import data_folder


def model_store(registry: Path | None = None) -> ModelStore:
    """The models of ``registry`` (none: the shipped one) and those fetched or imported under FAKEME_HOME."""
    return ModelStore(data_folder() / "models", registry or REGISTRY_FILE)
