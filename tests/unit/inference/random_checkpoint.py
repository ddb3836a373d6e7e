"""A checkpoint with random weights and a real card."""

import hashlib
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save as to_bytes

from inference.checkpoint import Checkpoint, ModelCard
from inference.networks import build_network


def made_up_card(
    *,
    tag: float = 0.9,
    suspect: float = 0.5,
    min_face_px: int = 40,
    network: str = "efficientnet_lite0",
    input_size: int = 224,
    localises: bool = False,
) -> ModelCard:
    return ModelCard(
        name="random",
        version="0",
        network=network,
        input_size=input_size,
        crop_margin=0.3,
        temperature=1.0,
        tag_threshold=tag,
        suspect_threshold=suspect,
        localises=localises,
        min_face_px=min_face_px,
        weights="weights.safetensors",
        sha256="0" * 64,
        licence="none",
        data="none",
    )


def random_checkpoint(**fields: Any) -> Checkpoint:
    """Return a checkpoint with the card that :func:`made_up_card` makes of ``fields``."""
    torch.manual_seed(0)
    card = made_up_card(**fields)
    module = build_network(card.network, localises=card.localises)
    return Checkpoint(card, module.requires_grad_(False).eval())


def save(checkpoint: Checkpoint, folder: Path) -> Path:
    """Write card and weights so that they load; return the folder."""
    content = to_bytes(checkpoint.network.state_dict())
    (folder / checkpoint.card.weights).write_bytes(content)
    card = checkpoint.card.model_copy(update={"sha256": hashlib.sha256(content).hexdigest()})
    (folder / "card.json").write_text(card.model_dump_json())
    return folder
