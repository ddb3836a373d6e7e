"""Examines the detector's checkpoint: that it is there, whole, and what its card says it is."""

from pathlib import Path

from inference.checkpoint import load_checkpoint
from inference.errors import CheckpointError, RegistryError
from inference.model_store import ModelStore
from pipeline.doctor.finding import Finding, broken, doubtful, well


def examine_choice(store: ModelStore, choice: str | None) -> Finding:
    """As :func:`examine_model`, for the model that a setting names."""
    try:
        folder = store.folder(choice)
    except RegistryError as error:
        return broken("model", str(error), "`fakeme models list` shows what FAKEME_DETECTION__MODEL may name")
    return examine_model(folder)


def examine_model(folder: Path) -> Finding:
    """Load the checkpoint of ``folder``, its hash checked, and say what it is."""
    try:
        card = load_checkpoint(folder).card
    except CheckpointError as error:
        return broken(
            "model", str(error), "restore the folder with git, or set FAKEME_DETECTION__MODEL to another"
        )
    if not card.calibrated:
        return doubtful(
            "model",
            f"{card.reference} is not calibrated: it suspects and never tags",
            "choose thresholds by what it says of real pictures, and put them into its card",
        )
    return well(
        "model", f"{card.name} {card.version} ({card.network}), weights {card.sha256[:12]}… as its card says"
    )
