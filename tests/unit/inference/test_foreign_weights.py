"""Imported weights: probabilities stay the same, no code runs, and an uncalibrated model never tags."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from inference.card import ModelCard
from inference.checkpoint import Checkpoint, load_checkpoint
from inference.decision import Thresholds, label_of
from inference.errors import ForeignWeightsError, RegistryError
from inference.foreign_weights import Origin, import_model, one_logit
from inference.networks import build_network
from schemas.verdicts import Label


def origin(network: str = "efficientnet_lite0", forged_class: int = 1) -> Origin:
    return Origin("mine", "1", network, licence="own", data="own faces", forged_class=forged_class)


@pytest.fixture(scope="module")
def two_logits() -> nn.Module:
    """The origin project's network: EfficientNetV2-S as torchvision has it, with two logits."""
    from torchvision.models import efficientnet_v2_s

    torch.manual_seed(3)
    network: nn.Module = efficientnet_v2_s(weights=None, num_classes=2).eval()
    return network


@pytest.mark.parametrize("forged_class", [0, 1])
def test_checkpoint_of_the_origin_project_keeps_its_probabilities(
    two_logits: nn.Module, tmp_path: Path, forged_class: int
) -> None:
    # given its checkpoint as its training script wrote it
    torch.save({"epoch": 20, "model_state_dict": two_logits.state_dict()}, tmp_path / "best.pth")

    # when it is imported
    import_model(tmp_path / "best.pth", origin("efficientnet_v2_s", forged_class), tmp_path)

    # then the one logit's sigmoid is the forged class's softmax
    ours = load_checkpoint(tmp_path / "mine@1")
    crops = torch.randn(1, 3, 64, 64)
    with torch.inference_mode():
        expected = two_logits(crops).softmax(dim=1)[:, forged_class]
        found = ours.probabilities(ours.network(crops))
    assert found.tolist() == pytest.approx(expected.tolist(), abs=1e-5)


@pytest.fixture(scope="module")
def state() -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    return build_network("efficientnet_lite0").state_dict()


def nothing(state: dict[str, torch.Tensor]) -> Any:
    return state


SHAPES = {
    "as it is": nothing,
    "trained in parallel": lambda state: {f"module.{key}": value for key, value in state.items()},
    "half precision": lambda state: {
        key: value.half() if value.is_floating_point() else value for key, value in state.items()
    },
}


@pytest.mark.parametrize("shape", SHAPES)
def test_state_dict_is_imported_from_every_layout(
    state: dict[str, torch.Tensor], tmp_path: Path, shape: str
) -> None:
    save_file(SHAPES[shape](state), tmp_path / "w.safetensors")

    card = import_model(tmp_path / "w.safetensors", origin(), tmp_path)

    weights = load_checkpoint(tmp_path / card.reference).network.state_dict()
    assert all(torch.allclose(weights[key], value, atol=1e-3) for key, value in state.items())


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        (b"no weights", "w.safetensors", "not a safetensors file"),
        (None, "w.pth", "cannot read"),
    ],
)
def test_file_that_holds_no_weights_is_rejected(
    tmp_path: Path, content: bytes | None, name: str, message: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)

    with pytest.raises(ForeignWeightsError, match=message):
        import_model(tmp_path / name, origin(), tmp_path)


def test_weights_of_another_network_are_rejected(tmp_path: Path) -> None:
    save_file({"layer.weight": torch.zeros(2, 2)}, tmp_path / "w.safetensors")

    with pytest.raises(ForeignWeightsError, match="does not fit efficientnet_lite0"):
        import_model(tmp_path / "w.safetensors", origin(), tmp_path)
    assert not (tmp_path / "mine@1").exists()


def test_existing_model_is_not_overwritten(state: dict[str, torch.Tensor], tmp_path: Path) -> None:
    save_file(state, tmp_path / "w.safetensors")
    import_model(tmp_path / "w.safetensors", origin(), tmp_path)

    with pytest.raises(ForeignWeightsError, match="already exists; choose another --version"):
        import_model(tmp_path / "w.safetensors", origin(), tmp_path)


def test_name_that_cannot_be_a_folder_is_rejected(state: dict[str, torch.Tensor], tmp_path: Path) -> None:
    save_file(state, tmp_path / "w.safetensors")

    with pytest.raises(RegistryError, match=r"'\.\./mine@1' is not a valid registry entry"):
        import_model(tmp_path / "w.safetensors", replace(origin(), name="../mine"), tmp_path)


def test_two_logits_become_their_difference() -> None:
    state = {
        "classifier.1.weight": torch.tensor([[1.0, 2.0], [4.0, 8.0]]),
        "classifier.1.bias": torch.tensor([1.0, 0.5]),
    }

    expected = {"classifier.1.weight": torch.zeros(1, 2), "classifier.1.bias": torch.zeros(1)}

    merged = one_logit(state, expected, forged_class=1)

    assert merged["classifier.1.weight"].tolist() == [[3.0, 6.0]]
    assert merged["classifier.1.bias"].tolist() == [-0.5]
    assert one_logit(merged, expected, forged_class=1) == merged
    assert one_logit(state, state, forged_class=1) == state  # a network of two logits keeps them


def test_uncalibrated_model_never_tags(state: dict[str, torch.Tensor], tmp_path: Path) -> None:
    # given a model that is as certain as possible
    save_file(state, tmp_path / "w.safetensors")
    card = import_model(tmp_path / "w.safetensors", origin(), tmp_path)
    sure = Checkpoint(card, nn.Identity()).probabilities(torch.tensor([1e9])).item()

    # then the face is suspected, not tagged
    assert label_of(sure, Thresholds(card.tag_threshold, card.suspect_threshold)) is Label.SUSPECTED
    assert card.calibrated is False


def test_card_of_an_uncalibrated_model_must_not_tag() -> None:
    from pydantic import ValidationError

    from tests.unit.inference.random_checkpoint import random_checkpoint

    with pytest.raises(ValidationError, match="an uncalibrated model must not tag"):
        ModelCard.model_validate({**random_checkpoint().card.model_dump(), "calibrated": False})
