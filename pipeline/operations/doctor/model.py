"""Examines the detector's checkpoint: that it is there, whole, and what its card says it is."""

from pathlib import Path

from inference.checkpoint import load_checkpoint
from inference.errors import CheckpointError, RegistryError
from inference.model_store import ModelStore
from pipeline.operations.doctor.diagnosis import Diagnosis, broken, doubtful, well

MODEL, SHADOW = "model", "shadow model"
SETTINGS = {MODEL: "FAKEME_DETECTION__MODEL", SHADOW: "FAKEME_DETECTION__SHADOW_MODEL"}


def examine_choices(store: ModelStore, model: str | None, shadow: str | None) -> list[Diagnosis]:
    """As :func:`examine_model`, for the models that settings name; no shadow, no finding."""
    return [_chosen(store, model, MODEL), *([_chosen(store, shadow, SHADOW)] if shadow else [])]


def _chosen(store: ModelStore, choice: str | None, subject: str) -> Diagnosis:
    try:
        folder = store.folder(choice)
    except RegistryError as error:
        return broken(subject, str(error), f"`fakeme models list` shows what {SETTINGS[subject]} may name")
    return examine_model(folder, subject)


def examine_model(folder: Path, subject: str = MODEL) -> Diagnosis:
    """Load the checkpoint of ``folder``, its hash checked, and say what it is."""
    try:
        card = load_checkpoint(folder).card
    except CheckpointError as error:
        return broken(
            subject, str(error), f"restore the folder with git, or set {SETTINGS[subject]} to another"
        )
    if not card.calibrated:
        return doubtful(
            subject,
            f"{card.reference} is not calibrated: it suspects and never tags",
            "choose thresholds by what it says of real pictures, and put them into its card",
        )
    return well(
        subject, f"{card.name} {card.version} ({card.network}), weights {card.sha256[:12]}… as its card says"
    )
