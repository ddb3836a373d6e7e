"""`fakeme known` and `fakeme replay --known` on the real database and broker."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from confluent_kafka import Message as KafkaMessage
from sqlalchemy import Engine, delete
from typer.testing import CliRunner, Result

from inference.fingerprint import dihedral, fingerprint
from pipeline.cli import cli
from pipeline.cli.known import KnownEntryMissingError, KnownNameError
from pipeline.demo import pictures
from pipeline.operations.known_media_files import KnownMediaFileError
from pipeline.settings import load_settings
from schemas.verdicts import Label, MediaVerdict, ModelRef, Trigger, TriggerKind, VerdictIssued
from storage import analyses, audit, verdicts
from storage.database import connect, transaction
from storage.known_media import KnownLabel, NewEntry, add, current
from storage.tables import KnownMediaRow

PORTRAIT = pictures.jpeg(pictures.portrait())


@pytest.fixture
def engine(database_url: str, kafka_bootstrap: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """The module's database without known media, which the settings name."""
    monkeypatch.setenv("FAKEME_DATABASE_URL", database_url)
    monkeypatch.setenv("FAKEME_KAFKA_BOOTSTRAP", kafka_bootstrap)
    load_settings.cache_clear()
    engine = connect(database_url)
    with transaction(engine) as session:
        session.execute(delete(KnownMediaRow))
    yield engine
    load_settings.cache_clear()


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments], catch_exceptions=False)


def portrait_pdq() -> str:
    import numpy as np

    return fingerprint(np.asarray(pictures.portrait())).pdq


def test_imported_hashes_are_listed_exported_matched_and_removed(engine: Engine, tmp_path: Path) -> None:
    file, picture = tmp_path / "bank.csv", tmp_path / "portrait.jpg"
    file.write_text(f"signal_type,signal_str,reference\npdq,{portrait_pdq()},theirs-1\n")
    picture.write_bytes(PORTRAIT)
    import_file = ("known", "import", file, "--bank", "partner", "--by", "lee")

    assert run(*import_file).stdout == "1 added to partner, 0 were there already\n"
    assert run(*import_file).stdout == "0 added to partner, 1 were there already\n"
    (entry,) = json.loads(run("known", "list", "--json").stdout)
    assert (entry["bank"], entry["reference"], entry["added_by"]) == ("partner", "theirs-1", "operator:lee")
    assert run("known", "export").stdout.splitlines()[1].startswith(f"pdq,{portrait_pdq()},deepfake,")
    assert f"similar to deepfake {entry['entry_id']} of partner" in run("known", "match", picture).stdout

    removal = run("known", "remove", entry["entry_id"], "--by", "kim", "--reason", "its author asked")

    assert removal.stdout == "1 removed\n"
    assert json.loads(run("known", "match", picture, "--json").stdout)[0]["match"] is None
    with transaction(engine) as session:
        (record,) = audit.entries(session, f"known_media:{entry['entry_id']}")
    assert (record.actor, record.detail) == ("operator:kim", {"reason": "its author asked"})


def test_a_bad_line_imports_nothing(engine: Engine, tmp_path: Path) -> None:
    file = tmp_path / "bank.csv"
    file.write_text(f"signal_type,signal_str\npdq,{portrait_pdq()}\npdq,12\n")

    with pytest.raises(KnownMediaFileError, match="line 3: '12' is no hash"):
        run("known", "import", file, "--bank", "partner", "--by", "lee")
    with transaction(engine) as session:
        assert current(session) == []


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (
            ("import", "nowhere.csv", "--bank", "b", "--by", "lee"),
            KnownMediaFileError,
            "cannot be read",
        ),
        (("import", "x", "--bank", "decisions", "--by", "lee"), KnownNameError, "the bank of our own"),
        (("import", "x", "--bank", "a\x1b[2J", "--by", "lee"), KnownNameError, r"--bank is 'a\\x1b"),
        (("remove", str(uuid4()), "--by", "l", "--reason", "r"), KnownEntryMissingError, "does not exist"),
    ],
)
def test_mistakes_are_named(
    engine: Engine, arguments: tuple[str, ...], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        run("known", *arguments)


def test_a_file_that_is_no_picture_is_told_so(engine: Engine, tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("no picture")

    (answer,) = json.loads(run("known", "match", file, "--json").stdout)

    assert answer["match"] is None
    assert answer["problem"]


def test_posts_that_match_an_entry_are_replayed(
    engine: Engine, read_topic: Callable[[str, str], list[KafkaMessage]]
) -> None:
    """Given posts with the same file, a mirrored picture and another one, the first two are replayed."""
    pdq, other = portrait_pdq(), "f" * 64
    cases = {"same": ("a" * 64, other), "mirrored": ("b" * 64, dihedral(pdq)[1]), "other": ("c" * 64, other)}
    posts = {name: f"{name}-{uuid4()}" for name in cases}
    with transaction(engine) as session:
        for name, (sha256, frame) in cases.items():
            keep_verdict(session, posts[name], sha256, frame)
        add(session, [NewEntry(KnownLabel.DEEPFAKE, "b", sha256="a" * 64, pdqs=(pdq,))], "kim")
        (entry,) = current(session)

    listed = run("replay", "--known", entry.entry_id, "--dry-run").stdout.split()
    replayed = run("replay", "--known", entry.entry_id)
    run("replay", "--known", entry.entry_id)

    assert set(listed) == {posts["same"], posts["mirrored"]}
    assert replayed.stdout == "2 posts with 2 matching media are checked again\n"
    for name, count in {"same": 1, "mirrored": 1, "other": 0}.items():
        ids = {dict(record.headers() or [])["ce_id"] for record in read_topic("posts.replayed", posts[name])}
        assert len(ids) == count


def keep_verdict(session: Any, post_id: str, sha256: str, pdq: str) -> None:
    """Store a verdict on a post with one picture, and its analysis."""
    media = MediaVerdict(
        uri="s3://b/k", label=Label.AUTHENTIC, score=0.1, threshold=0.9, sha256=sha256, pdq=pdq
    )
    analyses.keep(session, media, "model@1", (pdq,))
    verdict = VerdictIssued(
        verdict_id=uuid4(),
        post_id=post_id,
        trigger=Trigger(kind=TriggerKind.CREATED, event_id="1", source="t"),
        label=Label.AUTHENTIC,
        score=0.1,
        media=(media,),
        model=ModelRef(name="m", version="1", weights_sha256="0" * 64),
        issued_at="2026-11-27T00:00:00Z",
    )
    verdicts.keep(session, verdict, "model@1")
