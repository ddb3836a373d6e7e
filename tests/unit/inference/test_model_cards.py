"""Every shipped model has a MODEL_CARD.md with the facts that users need."""

import re
from pathlib import Path

import pytest

from inference.card import read_card
from inference.registry import MODELS_DIR

FOLDERS = sorted(path.parent for path in MODELS_DIR.glob("*/card.json"))

# Required subjects, and the heading or bold word that marks each.
SUBJECTS = {
    "data": r"^## Data|\*\*Data\*\*",
    "limits": r"^## Limits",
    "groups of people": r"^\| group",
    "intended use": r"^## Intended use",
    "licence": r"^## Licence|\*\*Licence\*\*",
}


def test_models_ship() -> None:
    assert FOLDERS


@pytest.mark.parametrize("subject", SUBJECTS)
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_card_covers(folder: Path, subject: str) -> None:
    text = (folder / "MODEL_CARD.md").read_text("utf-8")

    assert re.search(SUBJECTS[subject], text, re.MULTILINE), (
        f"{folder.name}/MODEL_CARD.md does not cover {subject}"
    )


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_card_is_of_this_version_and_names_its_terms(folder: Path) -> None:
    text = (folder / "MODEL_CARD.md").read_text("utf-8")
    card = read_card(folder)

    assert text.startswith(f"# {card.name}, version {card.version}\n")
    if "UTKFace" in card.data:  # its licence allows no other use
        assert "non-commercial research" in text
        assert "non-commercial research" in card.licence
