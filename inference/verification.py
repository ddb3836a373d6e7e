"""Proves that a model can serve: registry entry, card, hash, network and weights fit, and give numbers."""

import torch

from inference.checkpoint import Checkpoint, load_checkpoint
from inference.errors import CheckpointCorruptError, ModelNotFetchedError
from inference.model_store import Known

PROBES = 2  # crops; one alone would hide a network that mixes its batch


def verify(known: Known) -> Checkpoint:
    """Load ``known`` and let it look at made-up crops; returns what was loaded.

    :raises InferenceError: that says what is wrong: not fetched, card and registry differ, wrong hash,
        weights that do not fit the network, or no number out.
    """
    if not known.present:
        raise ModelNotFetchedError(f"not here: `fakeme models fetch {known.entry.reference}`")
    checkpoint = load_checkpoint(known.folder)
    if checkpoint.card != known.entry.card:
        raise CheckpointCorruptError(
            f"the card in {known.folder} differs from the registry: `fakeme models register {known.folder}`"
        )
    _try(checkpoint)
    return checkpoint


@torch.inference_mode()
def _try(checkpoint: Checkpoint) -> None:
    size = checkpoint.card.input_size
    crops = torch.randn(PROBES, 3, size, size, generator=torch.Generator().manual_seed(0))
    logits = checkpoint.logits(crops)
    if logits.numel() != PROBES or not torch.isfinite(logits).all():
        raise CheckpointCorruptError(
            f"{checkpoint.card.reference} gives {logits.tolist()} for {PROBES} crops, which is not"
            " one number each; export it again"
        )
