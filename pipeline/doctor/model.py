"""Examines the detector's checkpoint: that it is there, whole, and what its card says it is."""

from pathlib import Path

from inference.checkpoint import load_checkpoint
from inference.errors import CheckpointError
from pipeline.doctor.finding import Finding, broken, well


def examine_model(folder: Path) -> Finding:
    """Load the checkpoint of ``folder``, its hash checked, and say what it is."""
    try:
        card = load_checkpoint(folder).card
    except CheckpointError as error:
        return broken(
            "model", str(error), "restore the folder with git, or set FAKEME_DETECTION__MODEL to another"
        )
    return well(
        "model", f"{card.name} {card.version} ({card.network}), weights {card.sha256[:12]}… as its card says"
    )
