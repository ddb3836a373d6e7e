"""Verify that a model can serve: registry entry, card, hash and weights agree, and its outputs are finite."""

import torch

from inference.card import Card, ModelCard, read_any_card
from inference.checkpoint import load_checkpoint
from inference.errors import CheckpointCorruptError, ModelNotFetchedError
from inference.model_store import KnownModel
from inference.purpose import Purpose
from inference.swapper.checkpoint import load_encoder, load_generator
from inference.swapper.generator import IDENTITY_SIZE
from inference.swapper.identity import FACE_SIZE

PROBES = 2  # crops; with a single one, a network that mixes its batch would go unnoticed
SWAP_SIZE = 64  # pixels; the generator takes other sizes than 224, and small ones are quick


def verify(model: KnownModel) -> Card:
    """Load ``model``, run it on random crops, and return its card.

    :raises InferenceError: if the model is not fetched, its card differs from the registry, its hash is
        wrong, its weights do not fit the network, or an output is not finite.
    """
    if not model.present:
        raise ModelNotFetchedError(
            f"the files are missing; run `fakeme models fetch {model.entry.reference}`"
        )
    card = read_any_card(model.folder)
    outputs = _outputs(model, card)
    if card != model.entry.card:
        raise CheckpointCorruptError(
            f"the card in {model.folder} differs from the registry;"
            f" run `fakeme models register {model.folder}`"
        )
    if len(outputs) != PROBES or not torch.isfinite(outputs).all():
        raise CheckpointCorruptError(
            f"{card.reference} gives {_shown(outputs)} for {PROBES} crops instead of"
            " finite numbers for each; export it again"
        )
    return card


@torch.inference_mode()
def _outputs(model: KnownModel, card: Card) -> torch.Tensor:
    """Return what the model says of random crops, with one row for each."""
    if isinstance(card, ModelCard):
        return load_checkpoint(model.folder).logits(_noise(3, card.input_size, card.input_size))
    outputs: torch.Tensor
    if card.purpose is Purpose.GENERATOR:
        outputs = load_generator(model.folder)(_noise(3, SWAP_SIZE, SWAP_SIZE), _noise(IDENTITY_SIZE))
    else:
        outputs = load_encoder(model.folder)(_noise(3, FACE_SIZE, FACE_SIZE))
    return outputs.flatten(1)


def _noise(*shape: int) -> torch.Tensor:
    return torch.randn(PROBES, *shape, generator=torch.Generator().manual_seed(0))


def _shown(outputs: torch.Tensor) -> str:
    return (
        str(outputs.tolist()) if outputs.ndim == 1 else f"{int((~outputs.isfinite()).sum())} NaN or infinity"
    )
