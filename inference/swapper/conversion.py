"""Import the weights of SimSwap and its ArcFace that a user has, as model folders."""

import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path

from safetensors.torch import save
from torch import nn

from inference.errors import ForeignWeightsError, SwapperWeightsError
from inference.foreign_weights import WEIGHTS_FILE, read_state, write_model
from inference.purpose import Purpose
from inference.swapper.card import SwapperCard
from inference.swapper.variant import Variant
from inference.swapper.weights import encoder_from, generator_from

OFFICIAL_LICENCE = "CC BY-NC 4.0: no commercial use; whoever imports the weights is responsible"


@dataclass(frozen=True)
class SwapperOrigin:
    """Facts about the weights that their file does not contain."""

    name: str
    version: str
    licence: str = OFFICIAL_LICENCE
    data: str = "not stated"


def import_generator(source: Path, variant: Variant, origin: SwapperOrigin, local: Path) -> SwapperCard:
    """Write the weights of a generator (float32) and a card to ``local/NAME@VERSION``; return the card.

    :raises ForeignWeightsError: if the file is unreadable, could run code, or is not a generator of SimSwap.
    :raises RegistryError: if the name or version cannot be part of a folder name.
    """
    try:
        network = generator_from(read_state(source), variant)
    except SwapperWeightsError as error:
        raise ForeignWeightsError(f"{source}: {error}") from error
    size = f"simswap, width {network.width:g}, {network.depth} reductions"
    card = _card(source, Purpose.GENERATOR, size, origin) | {"variant": network.variant}
    return _write(network, card, local)


def import_encoder(source: Path, origin: SwapperOrigin, local: Path) -> SwapperCard:
    """Write the weights of an identity encoder, likewise."""
    try:
        network = encoder_from(read_state(source))
    except SwapperWeightsError as error:
        raise ForeignWeightsError(f"{source}: {error}") from error
    size = f"arcface, blocks {'-'.join(map(str, network.blocks))}"
    return _write(network, _card(source, Purpose.IDENTITY_ENCODER, size, origin), local)


def _card(source: Path, purpose: Purpose, network: str, origin: SwapperOrigin) -> dict[str, str]:
    """Return the fields of the card that are known before the weights are written."""
    with source.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"purpose": purpose, "network": network, "source_sha256": digest, **asdict(origin)}


def _write(network: nn.Module, fields: dict[str, str], local: Path) -> SwapperCard:
    content = save(network.state_dict())
    hashed = {"weights": WEIGHTS_FILE, "sha256": hashlib.sha256(content).hexdigest()}
    card = SwapperCard.model_validate({**fields, **hashed})
    write_model(content, card, local)
    return card
