"""The doctor's checks of models."""

from pathlib import Path

from inference.model_store import ModelStore
from pipeline.operations.doctor.diagnosis import Level
from pipeline.operations.doctor.model import examine_configured_models, examine_model
from tests.unit.inference.random_checkpoint import random_checkpoint, save


def test_a_folder_without_a_card_fails_with_its_path(tmp_path: Path) -> None:
    diagnosis = examine_model(tmp_path)
    assert diagnosis.level == Level.FAIL
    assert str(tmp_path) in diagnosis.says
    assert "FAKEME_DETECTION__MODEL" in diagnosis.remedy


def test_an_unknown_model_fails_with_its_name(tmp_path: Path) -> None:
    (diagnosis,) = examine_configured_models(ModelStore(tmp_path), "nothing", None)
    assert diagnosis.level == Level.FAIL
    assert "no model is named 'nothing'" in diagnosis.says


def test_an_uncalibrated_model_is_a_warning(tmp_path: Path) -> None:
    checkpoint = random_checkpoint()
    card = checkpoint.card.model_copy(update={"tag_threshold": 1.0, "calibrated": False})
    folder = save(type(checkpoint)(card, checkpoint.network), tmp_path)
    (diagnosis,) = examine_configured_models(ModelStore(tmp_path), str(folder), None)
    assert diagnosis.level == Level.WARN
    assert "random@0 is not calibrated: it only suspects, and never tags" in diagnosis.says


def test_the_shadow_model_is_checked_too(tmp_path: Path) -> None:
    # given an intact model and an unknown shadow model
    folder = save(random_checkpoint(), tmp_path)
    serving, shadow = examine_configured_models(ModelStore(tmp_path), str(folder), "nothing")

    # then only the shadow model fails, and its setting is named
    assert (serving.subject, serving.level) == ("model", Level.OK)
    assert (shadow.subject, shadow.level) == ("shadow model", Level.FAIL)
    assert "FAKEME_DETECTION__SHADOW_MODEL" in shadow.remedy
