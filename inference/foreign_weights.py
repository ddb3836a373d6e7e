"""Takes over weights that somebody else trained, as a model folder of ours.

Weights in, weights out: a file that would run code when it is read is refused. Nothing is calibrated here, so
such a model may raise suspicions and never tags.
"""

import hashlib
import pickle
import zipfile
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save

from inference.card import ModelCard, write_card
from inference.errors import ForeignWeightsError
from inference.networks import build_network, find_network
from inference.registry import entry_of

WEIGHTS_FILE = "weights.safetensors"
NESTED = ("state_dict", "model_state_dict", "model")  # where training scripts put the weights
PARALLEL = "module."  # before each key, if the network was trained in parallel

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


def adopt(source: Path, origin: Origin, local: Path) -> ModelCard:
    """Write weights (float32) and card to ``local/NAME@VERSION``; returns the card.

    :raises ForeignWeightsError: if the file is unreadable, holds code, or does not fit the network.
    :raises RegistryError: if name or version cannot name a folder.
    """
    network = build_network(origin.network)
    weights = one_logit(read_state(source), network.state_dict(), origin.forged_class)
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        raise ForeignWeightsError(f"{source} does not fit {origin.network}: {error}") from error
    content = save(network.state_dict())
    card = _card(origin, hashlib.sha256(content).hexdigest())
    folder = local / entry_of(card, file=WEIGHTS_FILE).reference  # refuses names that no folder can have
    if folder.exists():
        raise ForeignWeightsError(f"{folder} is there already: give another --version, or remove it")
    folder.mkdir(parents=True)
    (folder / WEIGHTS_FILE).write_bytes(content)
    write_card(card, folder)
    return card


def read_state(source: Path) -> State:
    """The tensors in a safetensors file, or in one that torch.save wrote of a state dict, float32, by key."""
    try:
        found = load_file(source) if source.suffix == ".safetensors" else _unpickled(source)
    except OSError as error:
        raise ForeignWeightsError(f"cannot read {source} ({error.strerror or error})") from error
    except SafetensorError as error:
        raise ForeignWeightsError(f"{source} is not a safetensors file: {error}") from error
    return {
        key.removeprefix(PARALLEL): value.float() if value.is_floating_point() else value
        for key, value in found.items()
    }


def _unpickled(source: Path) -> State:
    try:
        found = torch.load(source, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, zipfile.BadZipFile, RuntimeError, EOFError) as error:
        raise ForeignWeightsError(
            f"{source} is more than weights, or no file of torch: reading it could run code, so it is"
            " refused. Where it was made, save the weights alone: torch.save(network.state_dict(), path)"
        ) from error
    for key in NESTED:
        if isinstance(found, dict) and isinstance(found.get(key), dict):
            found = found[key]
    if not isinstance(found, dict) or not all(isinstance(value, torch.Tensor) for value in found.values()):
        raise ForeignWeightsError(f"{source} holds no state dict, nor one under {', '.join(NESTED)}")
    return found


def one_logit(state: State, fits: State, forged_class: int) -> State:
    """The weights with a last layer of two logits made one where ``fits`` has one: forged minus real.

    The softmax of two logits is the sigmoid of their difference: probabilities stay the same.
    """
    changed = dict(state)
    for key, value in state.items():
        one = (1, *value.shape[1:])
        if key in fits and value.shape == (2, *one[1:]) and fits[key].shape == one:
            changed[key] = value[[forged_class]] - value[[1 - forged_class]]
    return changed


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
