"""Import weights that were trained elsewhere, as a model folder.

Files that could run code when they are read are rejected, and pickled files are read in a confined process.
Imported models are not calibrated, so they can mark faces as suspected but never tag them.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save

from inference.card import Card, ModelCard, write_card
from inference.errors import ForeignWeightsError
from inference.networks import build_network, find_network
from inference.registry import entry_from_card
from inference.sandbox.weights_reader import read_pickled

WEIGHTS_FILE = "weights.safetensors"
PARALLEL = "module."  # prefix of each key if the network was trained in parallel

State = dict[str, torch.Tensor]


@dataclass(frozen=True)
class Origin:
    """Facts about the weights that their file does not contain.

    ``forged_class`` is the index of "forged" if the network has two logits. It is 0 if the classes came from
    folders sorted by name, where "fake" comes before "real". ``input_size`` is in pixels; None means the
    default of the network.
    """

    name: str
    version: str
    network: str
    licence: str
    data: str
    forged_class: int = 1
    crop_margin: float = 0.25
    input_size: int | None = None
    min_face_px: int = 48
    suspect_threshold: float = 0.5


def import_model(source: Path, origin: Origin, local: Path) -> ModelCard:
    """Write the weights (float32) and a card to ``local/NAME@VERSION``; return the card.

    :raises ForeignWeightsError: if the file is unreadable, could run code, or does not fit the network.
    :raises RegistryError: if the name or version cannot be part of a folder name.
    """
    network = build_network(origin.network)
    weights = one_logit(read_state(source), network.state_dict(), origin.forged_class)
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        raise ForeignWeightsError(f"{source} does not fit {origin.network}: {error}") from error
    content = save(network.state_dict())
    card = _card(origin, hashlib.sha256(content).hexdigest())
    write_model(content, card, local)
    return card


def write_model(content: bytes, card: Card, local: Path) -> None:
    """Write weights and card to ``local/NAME@VERSION``, all or nothing.

    :raises ForeignWeightsError: if the folder exists or cannot be written.
    :raises RegistryError: if the name or version cannot be part of a folder name.
    """
    folder = local / entry_from_card(card, file=WEIGHTS_FILE).reference  # rejects invalid folder names
    if folder.exists():
        raise ForeignWeightsError(f"{folder} already exists; choose another --version or remove it")
    try:
        local.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix="import-", dir=local) as temporary:
            part = Path(temporary, "model")
            part.mkdir()
            (part / WEIGHTS_FILE).write_bytes(content)
            write_card(card, part)
            part.rename(folder)
    except OSError as error:
        raise ForeignWeightsError(f"cannot write {folder} ({error.strerror})") from error


def read_state(source: Path) -> State:
    """Return the tensors of a safetensors file or of a state dict written by torch.save, as float32."""
    try:
        state = load_file(source) if source.suffix == ".safetensors" else read_pickled(source)
    except OSError as error:
        raise ForeignWeightsError(f"cannot read {source} ({error.strerror or error})") from error
    except SafetensorError as error:
        raise ForeignWeightsError(f"{source} is not a safetensors file: {error}") from error
    return {
        key.removeprefix(PARALLEL): value.float() if value.is_floating_point() else value
        for key, value in state.items()
    }


def one_logit(state: State, expected: State, forged_class: int) -> State:
    """Merge the two logits of a last layer into one, forged minus real, where ``expected`` has one.

    The softmax of two logits is the sigmoid of their difference, so probabilities stay the same.
    """
    merged = dict(state)
    for key, value in state.items():
        rest = value.shape[1:]
        if key in expected and value.shape == (2, *rest) and expected[key].shape == (1, *rest):
            merged[key] = value[[forged_class]] - value[[1 - forged_class]]
    return merged


def _card(origin: Origin, sha256: str) -> ModelCard:
    return ModelCard(
        name=origin.name,
        version=origin.version,
        network=origin.network,
        input_size=origin.input_size or find_network(origin.network).input_size,
        crop_margin=origin.crop_margin,
        temperature=1.0,
        tag_threshold=1.0,
        suspect_threshold=origin.suspect_threshold,
        calibrated=False,
        min_face_px=origin.min_face_px,
        weights=WEIGHTS_FILE,
        sha256=sha256,
        licence=origin.licence,
        data=origin.data,
    )
