"""What the doctor makes of a checkpoint."""

from pathlib import Path

from inference.model_store import ModelStore
from pipeline.doctor.finding import Level
from pipeline.doctor.model import examine_choice, examine_model
from tests.unit.inference.random_checkpoint import random_checkpoint, save


def test_a_folder_without_a_card_fails_with_its_path(tmp_path: Path) -> None:
    found = examine_model(tmp_path)
    assert found.level == Level.FAIL
    assert str(tmp_path) in found.says
    assert "FAKEME_DETECTION__MODEL" in found.remedy


def test_a_model_that_nobody_knows_fails_with_its_name(tmp_path: Path) -> None:
    found = examine_choice(ModelStore(tmp_path), "nothing")
    assert found.level == Level.FAIL
    assert "no model is named 'nothing'" in found.says


def test_a_model_that_is_not_calibrated_is_doubtful(tmp_path: Path) -> None:
    checkpoint = random_checkpoint()
    card = checkpoint.card.model_copy(update={"tag_threshold": 1.0, "calibrated": False})
    found = examine_choice(
        ModelStore(tmp_path), str(save(type(checkpoint)(card, checkpoint.network), tmp_path))
    )
    assert found.level == Level.WARN
    assert "random@0 is not calibrated: it suspects and never tags" in found.says
