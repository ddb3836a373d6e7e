"""Load an imported network for face swapping from its folder, after verifying its weights."""

from pathlib import Path

from inference.card import read_any_card
from inference.checkpoint import read_weights
from inference.errors import CheckpointCorruptError, SwapperWeightsError, WrongPurposeError
from inference.purpose import Purpose
from inference.swapper.card import SwapperCard
from inference.swapper.generator import Generator
from inference.swapper.identity import IdentityEncoder
from inference.swapper.weights import encoder_from, generator_from


def load_generator(directory: Path) -> Generator:
    """Return the generator in ``directory``, float32, in eval mode; raise a CheckpointError if unusable."""
    card = _card(directory, Purpose.GENERATOR)
    assert card.variant is not None  # the card of a generator has one
    try:
        return generator_from(read_weights(directory, card), card.variant)
    except SwapperWeightsError as error:
        raise CheckpointCorruptError(f"{card.reference} in {directory}: {error}") from error


def load_encoder(directory: Path) -> IdentityEncoder:
    """Return the identity encoder in ``directory``, likewise."""
    card = _card(directory, Purpose.IDENTITY_ENCODER)
    try:
        return encoder_from(read_weights(directory, card))
    except SwapperWeightsError as error:
        raise CheckpointCorruptError(f"{card.reference} in {directory}: {error}") from error


def _card(directory: Path, purpose: Purpose) -> SwapperCard:
    card = read_any_card(directory)
    if not isinstance(card, SwapperCard) or card.purpose is not purpose:
        raise WrongPurposeError(
            f"{card.reference} in {directory} is not a model for this purpose ({purpose.value});"
            " `fakeme models list` shows the models and their purposes"
        )
    return card
