"""Verify that a model can serve: registry entry, card, hash and weights agree, and its logits are finite."""

import torch

from inference.checkpoint import Checkpoint, load_checkpoint
from inference.errors import CheckpointCorruptError, ModelNotFetchedError
from inference.model_store import KnownModel

PROBES = 2  # crops; with a single one, a network that mixes its batch would go unnoticed


def verify(model: KnownModel) -> Checkpoint:
    """Load ``model``, score random crops, and return the checkpoint.

    :raises InferenceError: if the model is not fetched, its card differs from the registry, its hash is
        wrong, its weights do not fit the network, or a logit is not finite.
    """
    if not model.present:
        raise ModelNotFetchedError(
            f"the files are missing; run `fakeme models fetch {model.entry.reference}`"
        )
    checkpoint = load_checkpoint(model.folder)
    if checkpoint.card != model.entry.card:
        raise CheckpointCorruptError(
            f"the card in {model.folder} differs from the registry;"
            f" run `fakeme models register {model.folder}`"
        )
    _check_logits(checkpoint)
    return checkpoint


@torch.inference_mode()
def _check_logits(checkpoint: Checkpoint) -> None:
    size = checkpoint.card.input_size
    crops = torch.randn(PROBES, 3, size, size, generator=torch.Generator().manual_seed(0))
    logits = checkpoint.logits(crops)
    if logits.numel() != PROBES or not torch.isfinite(logits).all():
        raise CheckpointCorruptError(
            f"{checkpoint.card.reference} gives {logits.tolist()} for {PROBES} crops instead of"
            " one finite number each; export it again"
        )
