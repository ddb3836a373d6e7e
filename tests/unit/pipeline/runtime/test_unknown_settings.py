"""Misspelt settings are named, with what was probably meant."""

from pathlib import Path

import pytest

from pipeline.runtime.unknown_settings import unknown_settings


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [
        ("FAKEME_DETECTION__THREDS", "FAKEME_DETECTION__THREADS"),
        ("FAKEME_DETECTION_THREADS", "FAKEME_DETECTION__THREADS"),
        ("FAKEME_DATABASE", "FAKEME_DATABASE_URL"),
        ("FAKEME_LOGLEVEL", "FAKEME_LOG_LEVEL"),
        ("FAKEME_KITCHEN_SINK", ""),
    ],
)
def test_misspelt_variable_is_named(name: str, suggestion: str) -> None:
    (unknown,) = unknown_settings({name: "1", "FAKEME_CONFIG": "/nowhere", "PATH": "/bin"})

    assert (unknown.name, unknown.suggestion) == (name, suggestion)
    assert str(unknown).startswith(f"{name} is not a setting and has no effect")


@pytest.mark.parametrize(
    "name",
    [
        "FAKEME_HOME",
        "FAKEME_DETECTION__THREADS",
        "fakeme_detection__threads",
        "FAKEME_DETECTION",
        "FAKEME_DETECTION__EXPLAIN__ENABLED",
        "FAKEME_ROLE_PASSWORDS__DETECTION",
        "FAKEME_KAFKA__PASSWORD",
    ],
)
def test_settings_are_known(name: str) -> None:
    assert unknown_settings({name: "1", "FAKEME_CONFIG": "/nowhere"}) == []


def test_misspelt_key_of_the_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "fakeme.toml"
    file.write_text(
        'kafka_bootstrap = "k:9092"\n[detection]\nbatch_medai = 3\n[role_passwords]\nrelay = "x"\n'
    )

    (unknown,) = unknown_settings({"FAKEME_CONFIG": str(file)})

    assert (unknown.name, unknown.suggestion) == ("detection.batch_medai", "detection.batch_media")


def test_a_file_that_is_no_toml_is_left_to_loading(tmp_path: Path) -> None:
    file = tmp_path / "fakeme.toml"
    file.write_text("= =")

    assert unknown_settings({"FAKEME_CONFIG": str(file)}) == []
