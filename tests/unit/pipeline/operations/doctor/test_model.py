"""What the doctor makes of a checkpoint."""

from pathlib import Path

from inference.model_store import ModelStore
from pipeline.operations.doctor.diagnosis import Level
from pipeline.operations.doctor.model import examine_choices, examine_model
from tests.unit.inference.random_checkpoint import random_checkpoint, save


def test_a_folder_without_a_card_fails_with_its_path(tmp_path: Path) -> None:
    found = examine_model(tmp_path)
    assert found.level == Level.FAIL
    assert str(tmp_path) in found.says
    assert "FAKEME_DETECTION__MODEL" in found.remedy


def test_a_model_that_nobody_knows_fails_with_its_name(tmp_path: Path) -> None:
    (found,) = examine_choices(ModelStore(tmp_path), "nothing", None)
    assert found.level == Level.FAIL
    assert "no model is named 'nothing'" in found.says


def test_a_model_that_is_not_calibrated_is_doubtful(tmp_path: Path) -> None:
    checkpoint = random_checkpoint()
    card = checkpoint.card.model_copy(update={"tag_threshold": 1.0, "calibrated": False})
    folder = save(type(checkpoint)(card, checkpoint.network), tmp_path)
    (found,) = examine_choices(ModelStore(tmp_path), str(folder), None)
    assert found.level == Level.WARN
    assert "random@0 is not calibrated: it suspects and never tags" in found.says


def test_a_shadow_model_is_examined_beside_the_first(tmp_path: Path) -> None:
    # given a model that is whole, on trial one that nobody knows
    folder = save(random_checkpoint(), tmp_path)
    first, shadow = examine_choices(ModelStore(tmp_path), str(folder), "nothing")

    # then only the second is found to be broken, and its own setting is named
    assert (first.subject, first.level) == ("model", Level.OK)
    assert (shadow.subject, shadow.level) == ("shadow model", Level.FAIL)
    assert "FAKEME_DETECTION__SHADOW_MODEL" in shadow.remedy
