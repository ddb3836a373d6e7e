"""Secrets are random, stored, and readable by their owner only."""

from pathlib import Path

import pytest

from infra.errors import StateFileError
from infra.local.credentials import load_or_create_credentials
from infra.local.seaweedfs import EVIDENCE_BUCKET, MEDIA_BUCKET, identities


def test_credentials_are_created_once(tmp_path: Path) -> None:
    file = tmp_path / "credentials.json"
    credentials = load_or_create_credentials(file)
    assert load_or_create_credentials(file) == credentials
    assert file.stat().st_mode & 0o777 == 0o600


def test_all_secrets_differ(tmp_path: Path) -> None:
    all_secrets = set()
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        credentials = load_or_create_credentials(tmp_path / folder / "credentials.json")
        keys = (credentials.s3_admin, credentials.s3_platform, credentials.s3_fakeme)
        all_secrets |= {credentials.database_admin, credentials.database_fakeme}
        all_secrets |= {key.access for key in keys} | {key.secret for key in keys}
    assert len(all_secrets) == 16


def test_secrets_of_workers_differ_and_stay_the_same(tmp_path: Path) -> None:
    file = tmp_path / "credentials.json"
    credentials, again = load_or_create_credentials(file), load_or_create_credentials(file)
    derived = [
        secret
        for name in ("detection", "tagging")
        for key in (credentials.worker_key(name),)
        for secret in (credentials.worker_password(name), key.access, key.secret)
    ]

    assert len(set(derived)) == 6
    assert again.worker_key("tagging") == credentials.worker_key("tagging")
    assert not set(derived) & {credentials.database_admin, credentials.database_fakeme}


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"s3_admin": {"access": "x"}}'])
def test_invalid_file_is_reported_and_not_overwritten(tmp_path: Path, content: str) -> None:
    file = tmp_path / "credentials.json"
    file.write_text(content)
    with pytest.raises(StateFileError, match=r"credentials\.json cannot be read"):
        load_or_create_credentials(file)
    assert file.read_text() == content


def test_identities_have_minimal_permissions(tmp_path: Path) -> None:
    entries = identities(load_or_create_credentials(tmp_path / "credentials.json"), {})["identities"]
    assert isinstance(entries, list)
    permissions = {entry["name"]: set(entry["actions"]) for entry in entries}
    assert permissions["platform"] == {
        f"{action}:{MEDIA_BUCKET}" for action in ("Read", "List", "Write", "Tagging")
    }
    assert permissions["fakeme"] == {f"{action}:{MEDIA_BUCKET}" for action in ("Read", "List")} | {
        f"{action}:{EVIDENCE_BUCKET}" for action in ("Read", "List", "Write", "Tagging")
    }
