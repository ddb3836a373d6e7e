"""Settings that the local stack passes on in stack.json: below the user's own."""

import json
from pathlib import Path

import pytest

from pipeline.settings import LocalSettings, ProvenanceSettings, Settings, WatermarkSettings

STACK = {
    "kafka_bootstrap": "127.0.0.1:9092",
    "database_url": "postgresql://127.0.0.1/fakeme",
    "watermark": {"key": "1" * 64, "search": False},
    "provenance": {"certificate_chain": "/stack/chain.pem", "private_key": "/stack/key.pem"},
    "supervisor_pid": 1,
}


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("FAKEME_HOME", str(tmp_path))
    monkeypatch.setenv("FAKEME_CONFIG", str(tmp_path / "fakeme.toml"))
    (tmp_path / "stack.json").write_text(json.dumps(STACK))
    return tmp_path


def test_the_keys_of_the_stack_are_used() -> None:
    for settings in (Settings(), LocalSettings()):
        assert settings.watermark.key_bytes == bytes.fromhex("1" * 64)
        assert settings.provenance.certificate_chain == Path("/stack/chain.pem")
        assert settings.provenance.private_key == Path("/stack/key.pem")


def test_a_stack_of_an_older_version_has_no_keys(home: Path) -> None:
    older = {name: value for name, value in STACK.items() if name not in {"watermark", "provenance"}}
    (home / "stack.json").write_text(json.dumps(older))

    assert Settings().watermark.key_bytes is None
    assert Settings().provenance.certificate_chain is None


def test_the_users_watermark_key_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKEME_WATERMARK__KEY", "2" * 64)
    assert Settings().watermark.key_bytes == bytes.fromhex("2" * 64)
    assert Settings().watermark.search

    monkeypatch.setenv("FAKEME_WATERMARK__KEY", "")
    assert Settings().watermark.key_bytes is None


def test_settings_that_a_program_gives_win() -> None:
    settings = Settings(
        watermark=WatermarkSettings(key="2" * 64), provenance=ProvenanceSettings(trust_folder="/mine")
    )

    assert settings.watermark.key_bytes == bytes.fromhex("2" * 64)
    assert settings.watermark.search
    assert str(settings.provenance.trust_folder) == "/mine"


def test_the_user_can_have_the_stack_search(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not Settings().watermark.search

    monkeypatch.setenv("FAKEME_WATERMARK__SEARCH", "true")
    assert Settings().watermark.search
    assert Settings().watermark.key_bytes == bytes.fromhex("1" * 64)


def test_a_user_who_signs_in_another_way_gets_nothing_of_the_stacks(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKEME_PROVENANCE__CERTIFICATE_CHAIN", "/mine/chain.pem")
    (home / "fakeme.toml").write_text('[provenance]\nkey_service = "vault:sign"\n')

    provenance = Settings().provenance

    assert provenance.certificate_chain == Path("/mine/chain.pem")
    assert provenance.key_service == "vault:sign"
    assert provenance.private_key is None


def test_other_settings_of_provenance_leave_the_stacks_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKEME_PROVENANCE__TRUST_FOLDER", "/mine/trust")

    assert Settings().trust_folder == Path("/mine/trust")
    assert Settings().provenance.private_key == Path("/stack/key.pem")
