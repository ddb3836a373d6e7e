"""Checks that the checkpoints of the detector exist, are intact and match their cards."""

from pathlib import Path

from inference.checkpoint import load_checkpoint
from inference.errors import CheckpointError, RegistryError
from inference.model_store import ModelStore
from pipeline.operations.doctor.diagnosis import Diagnosis, failure, ok, warning

MODEL, SHADOW = "model", "shadow model"
SETTINGS = {MODEL: "FAKEME_DETECTION__MODEL", SHADOW: "FAKEME_DETECTION__SHADOW_MODEL"}


def examine_configured_models(store: ModelStore, model: str | None, shadow: str | None) -> list[Diagnosis]:
    """Check the models named in the settings; without a shadow model, only the serving model."""
    return [
        _examine_configured(store, model, MODEL),
        *([_examine_configured(store, shadow, SHADOW)] if shadow else []),
    ]


def _examine_configured(store: ModelStore, name: str | None, subject: str) -> Diagnosis:
    try:
        folder = store.folder(name)
    except RegistryError as error:
        return failure(subject, str(error), f"set {SETTINGS[subject]} to a model of `fakeme models list`")
    return examine_model(folder, subject)


def examine_model(folder: Path, subject: str = MODEL) -> Diagnosis:
    """Load the checkpoint of ``folder`` and check its hash."""
    try:
        card = load_checkpoint(folder).card
    except CheckpointError as error:
        return failure(
            subject, str(error), f"restore the folder with git, or set {SETTINGS[subject]} to another model"
        )
    if not card.calibrated:
        return warning(
            subject,
            f"{card.reference} is not calibrated: it only suspects, and never tags",
            "choose thresholds from its scores on real pictures and set them in its card",
        )
    return ok(
        subject, f"{card.name} {card.version} ({card.network}), weights {card.sha256[:12]}… match the card"
    )
