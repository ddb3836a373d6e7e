"""The problems of a model that `verify` reports."""

import hashlib
from pathlib import Path

import pytest
import torch

from inference.checkpoint import Checkpoint
from inference.errors import CheckpointCorruptError
from inference.model_store import KnownModel, Source
from inference.registry import entry_from_card
from inference.verification import verify
from tests.unit.inference.random_checkpoint import random_checkpoint, save


def known(folder: Path, checkpoint: Checkpoint) -> KnownModel:
    save(checkpoint, folder)
    sha256 = hashlib.sha256((folder / checkpoint.card.weights).read_bytes()).hexdigest()
    card = checkpoint.card.model_copy(update={"sha256": sha256})
    return KnownModel(entry_from_card(card, file="weights.safetensors"), folder, Source.SHIPPED)


def test_a_valid_model_passes(tmp_path: Path) -> None:
    assert verify(known(tmp_path, random_checkpoint())).name == "random"


def test_logits_that_are_not_finite_are_reported(tmp_path: Path) -> None:
    checkpoint = random_checkpoint()
    with torch.no_grad():
        checkpoint.network.get_parameter("classifier.1.bias").fill_(float("nan"))

    with pytest.raises(CheckpointCorruptError, match=r"random@0 gives \[nan, nan\] for 2 crops"):
        verify(known(tmp_path, checkpoint))


def test_card_that_differs_from_the_registry_is_reported(tmp_path: Path) -> None:
    found = known(tmp_path, random_checkpoint())
    (tmp_path / "card.json").write_text(
        found.entry.card.model_copy(update={"tag_threshold": 0.6}).model_dump_json()
    )

    with pytest.raises(CheckpointCorruptError, match="differs from the registry"):
        verify(found)
