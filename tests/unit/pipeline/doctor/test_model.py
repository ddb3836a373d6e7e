"""What the doctor makes of a checkpoint."""

from pathlib import Path

from pipeline.doctor.finding import Level
from pipeline.doctor.model import examine_model


def test_a_folder_without_a_card_fails_with_its_path(tmp_path: Path) -> None:
    found = examine_model(tmp_path)
    assert found.level == Level.FAIL
    assert str(tmp_path) in found.says
    assert "FAKEME_DETECTION__MODEL" in found.remedy
