"""Every shipped model tells people what they must know of it before they use it."""

import re
from pathlib import Path

import pytest

from inference.card import read_card
from inference.registry import MODELS_DIR

FOLDERS = sorted(path.parent for path in MODELS_DIR.glob("*/card.json"))

# What must be said, and the words by which it is found: a heading, or a bold word that opens a point.
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
def test_card_says(folder: Path, subject: str) -> None:
    text = (folder / "MODEL_CARD.md").read_text("utf-8")

    assert re.search(SUBJECTS[subject], text, re.MULTILINE), (
        f"{folder.name}/MODEL_CARD.md is silent on {subject}"
    )


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_card_is_of_this_version_and_names_its_terms(folder: Path) -> None:
    text = (folder / "MODEL_CARD.md").read_text("utf-8")
    card = read_card(folder)

    assert text.startswith(f"# {card.name}, version {card.version}\n")
    if "UTKFace" in card.data:  # its pictures may be used for that alone
        assert "non-commercial research" in text
        assert "non-commercial research" in card.licence
