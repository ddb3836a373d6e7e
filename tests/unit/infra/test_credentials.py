"""Secrets are random, kept, and for the owner alone."""

from pathlib import Path

import pytest

from infra.errors import StateFileError
from infra.local.credentials import load_or_create_credentials
from infra.local.seaweedfs import EVIDENCE_BUCKET, MEDIA_BUCKET, identities


def test_made_once_and_read_again(tmp_path: Path) -> None:
    file = tmp_path / "credentials.json"
    made = load_or_create_credentials(file)
    assert load_or_create_credentials(file) == made
    assert file.stat().st_mode & 0o777 == 0o600


def test_no_two_secrets_are_the_same(tmp_path: Path) -> None:
    all_secrets = set()
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        made = load_or_create_credentials(tmp_path / folder / "credentials.json")
        keys = (made.s3_admin, made.s3_platform, made.s3_fakeme)
        all_secrets |= {made.database_admin, made.database_fakeme}
        all_secrets |= {key.access for key in keys} | {key.secret for key in keys}
    assert len(all_secrets) == 16


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"s3_admin": {"access": "x"}}'])
def test_a_broken_file_is_kept_and_named(tmp_path: Path, content: str) -> None:
    file = tmp_path / "credentials.json"
    file.write_text(content)
    with pytest.raises(StateFileError, match=r"credentials\.json cannot be read"):
        load_or_create_credentials(file)
    assert file.read_text() == content


def test_each_identity_may_do_no_more_than_it_needs(tmp_path: Path) -> None:
    entries = identities(load_or_create_credentials(tmp_path / "credentials.json"))["identities"]
    assert isinstance(entries, list)
    may = {entry["name"]: set(entry["actions"]) for entry in entries}
    assert may["platform"] == {f"{action}:{MEDIA_BUCKET}" for action in ("Read", "List", "Write", "Tagging")}
    assert may["fakeme"] == {f"{action}:{MEDIA_BUCKET}" for action in ("Read", "List")} | {
        f"{action}:{EVIDENCE_BUCKET}" for action in ("Read", "List", "Write", "Tagging")
    }
