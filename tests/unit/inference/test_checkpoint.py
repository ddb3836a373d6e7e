"""Checkpoints: valid ones load as they were written, others are rejected."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save

from inference.checkpoint import default_model_dir, load_checkpoint, read_card
from inference.errors import CheckpointCorruptError, CheckpointMissingError, UnknownNetworkError
from inference.networks import build_network


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A model folder with random weights in float16."""
    network = build_network("efficientnet_lite0")
    weights = save({k: v.half() if v.is_floating_point() else v for k, v in network.state_dict().items()})
    (tmp_path / "weights.safetensors").write_bytes(weights)
    card = {
        "name": "test",
        "version": "1",
        "network": "efficientnet_lite0",
        "input_size": 224,
        "crop_margin": 0.25,
        "temperature": 2.0,
        "bias": 0.5,
        "tag_threshold": 0.9,
        "suspect_threshold": 0.5,
        "min_face_px": 48,
        "weights": "weights.safetensors",
        "sha256": hashlib.sha256(weights).hexdigest(),
        "licence": "none",
        "data": "none",
    }
    (tmp_path / "card.json").write_text(json.dumps(card))
    return tmp_path


def change_card(model: Path, **changes: object) -> None:
    card = json.loads((model / "card.json").read_text())
    (model / "card.json").write_text(json.dumps(card | changes))


def test_loaded_network_is_ready_to_serve(model: Path):
    checkpoint = load_checkpoint(model)

    assert not checkpoint.network.training
    assert all(p.dtype == torch.float32 and not p.requires_grad for p in checkpoint.network.parameters())


def test_probability_is_calibrated(model: Path):
    # given temperature 2 and bias 0.5
    checkpoint = load_checkpoint(model)

    # when logits become probabilities, then it is sigmoid(logit / 2 + 0.5)
    assert checkpoint.probabilities(torch.tensor([[-1.0], [1.0]])).tolist() == pytest.approx([0.5, 0.731059])


def test_mirrored_model_gives_a_crop_and_its_mirror_image_the_same_logit():
    # given one network, with and without mirroring, and crops that are not symmetric
    plain = load_checkpoint(default_model_dir())
    plain = replace(plain, card=plain.card.model_copy(update={"mirrored": False}))
    mirrored = replace(plain, card=plain.card.model_copy(update={"mirrored": True}))
    crops = torch.randn(3, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        logits, mirrored_logits = plain.logits(crops), plain.logits(crops.flip(3))

        # then a mirrored model's logit is the mean of both, for the crop and for its mirror image
        assert not torch.allclose(logits, mirrored_logits, rtol=0.01)
        assert torch.allclose(mirrored.logits(crops), (logits + mirrored_logits) / 2)
        assert torch.allclose(mirrored.logits(crops.flip(3)), (logits + mirrored_logits) / 2)


@pytest.mark.parametrize("missing", ["card.json", "weights.safetensors"])
def test_missing_file_is_named(model: Path, missing: str):
    (model / missing).unlink()
    with pytest.raises(CheckpointMissingError, match=missing):
        load_checkpoint(model)


def test_changed_weights_are_rejected(model: Path):
    # given one flipped bit
    path = model / "weights.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)

    # when loaded, then the hash does not match
    with pytest.raises(CheckpointCorruptError, match="its card says"):
        load_checkpoint(model)


def test_file_that_is_not_safetensors_is_rejected(model: Path):
    (model / "weights.safetensors").write_bytes(b"a pickle, perhaps")
    change_card(model, sha256=hashlib.sha256(b"a pickle, perhaps").hexdigest())
    with pytest.raises(CheckpointCorruptError, match="not a safetensors file"):
        load_checkpoint(model)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"network": "resnet50"}, UnknownNetworkError, "resnet50"),
        ({"network": "efficientnet_v2_s"}, CheckpointCorruptError, "do not fit efficientnet_v2_s"),
        ({"weights": "../secret.safetensors"}, CheckpointCorruptError, "weights"),
        ({"temperature": 0}, CheckpointCorruptError, "temperature"),
        ({"colour": "blue"}, CheckpointCorruptError, "colour"),
    ],
)
def test_wrong_card_is_rejected(model: Path, changes: dict[str, object], error: type, message: str):
    change_card(model, **changes)
    with pytest.raises(error, match=message):
        load_checkpoint(model)


def test_shipped_model_loads_and_its_thresholds_are_in_order():
    card = read_card(default_model_dir())
    assert 0 < card.suspect_threshold <= card.tag_threshold < 1
    assert load_checkpoint(default_model_dir()).card == card
