"""`fakeme post` and `fakeme api-keys` with real services."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from confluent_kafka import Producer
from sqlalchemy import Engine
from typer.testing import CliRunner

from infra.local.stack import Endpoints
from pipeline.cli import cli
from pipeline.cli.post import TooManyFilesError
from pipeline.producers import Follower
from pipeline.settings import load_settings
from schemas.base import Contract
from schemas.envelope import encode
from schemas.posts import PostCreated
from schemas.tags import CauseKind, Explanation, PostTagged, TagAction, TagCause
from schemas.topics import POSTS_CREATED
from schemas.verdicts import Label, MediaVerdict, ModelRef, Trigger, TriggerKind, VerdictIssued
from storage import api_keys
from storage.database import transaction

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _settings(stack: Endpoints, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Make the settings of the command name the test services."""
    for name, value in {**asdict(stack), "database_url": database_url}.items():
        monkeypatch.setenv(f"FAKEME_{name.upper()}", str(value))
    load_settings.cache_clear()
    yield
    load_settings.cache_clear()


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    file = tmp_path / "cat.png"
    file.write_bytes(b"\x89PNG\r\n\x1a\n" + uuid4().bytes)
    return file


@pytest.fixture
def judge(kafka_bootstrap: str) -> Iterator[Callable[[Label], threading.Thread]]:
    """A stand-in for detection and tagging: answers the next post of `fakeme post` with a label."""
    judges: list[tuple[Follower[PostCreated], threading.Thread]] = []

    def start(label: Label) -> threading.Thread:
        follower = Follower(kafka_bootstrap, POSTS_CREATED, PostCreated, timeout=60)
        thread = threading.Thread(target=_judge, args=(kafka_bootstrap, follower, label))
        judges.append((follower, thread))
        thread.start()
        return thread

    yield start
    for follower, thread in judges:
        follower.stop()
        thread.join()
        follower.close()


def _judge(bootstrap: str, follower: Follower[PostCreated], label: Label) -> None:
    post = next(post for post in follower if post.author_id == "fakeme-post")
    verdict = VerdictIssued(
        verdict_id=uuid4(),
        post_id=post.post_id,
        trigger=Trigger(kind=TriggerKind.CREATED, event_id="e"),
        label=label,
        score=0.9,
        media=tuple(MediaVerdict(uri=m.uri, label=label, score=0.9, threshold=0.5) for m in post.media),
        model=ModelRef(name="m", version="1", weights_sha256="0" * 64),
        issued_at=NOW,
    )
    answers: list[Contract] = [verdict]
    if label is Label.DEEPFAKE:
        answers.append(
            PostTagged(
                tag_event_id=uuid4(),
                post_id=post.post_id,
                action=TagAction.ADD,
                why=Explanation(en="A face is forged.", ko="얼굴이 위조되었습니다."),
                cause=TagCause(kind=CauseKind.VERDICT, id=verdict.verdict_id),
                tagged_at=NOW,
            )
        )
    producer = Producer({"bootstrap.servers": bootstrap})
    for answer in answers:
        message = encode(answer, id=str(uuid4()), source="fakeme", key=post.post_id, time=NOW)
        producer.produce(message.topic, message.value, message.key, headers=list(message.headers))
    producer.flush(30)


def test_the_verdict_and_tag_of_a_post_are_shown(
    judge: Callable[[Label], threading.Thread], picture: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"not a picture")
    judge(Label.DEEPFAKE)

    run = CliRunner().invoke(cli, ["post", str(picture), str(broken), "--json", "--wait", "60"])

    outcome = json.loads(run.stdout)
    assert run.exit_code == 0
    assert outcome["files"] == [str(picture), str(broken)]
    assert (outcome["verdict"]["label"], outcome["tag"]["tag"], outcome["tag"]["action"]) == (
        "deepfake",
        "#Deepfake",
        "add",
    )
    assert len(outcome["verdict"]["media"]) == 2
    assert 0 < outcome["seconds"]["verdict"] <= outcome["seconds"]["tag"] < 60


def test_the_command_waits_for_a_tag_only_after_a_deepfake_verdict(
    judge: Callable[[Label], threading.Thread], picture: Path
) -> None:
    judge(Label.AUTHENTIC)

    run = CliRunner().invoke(cli, ["post", str(picture), "--wait", "60"])

    assert run.exit_code == 0
    assert "verdict: authentic after" in run.stdout
    assert "tag: none\n" in run.stdout


def test_a_missing_verdict_is_reported_and_the_command_fails(picture: Path) -> None:
    run = CliRunner().invoke(cli, ["post", str(picture), "--wait", "1"])

    assert run.exit_code == 1
    assert "within 1 s: check with `fakeme status` that the detection worker is running" in run.stderr


def test_too_many_files_are_refused(picture: Path) -> None:
    run = CliRunner().invoke(cli, ["post", *[str(picture)] * 21])

    assert isinstance(run.exception, TooManyFilesError)
    assert str(run.exception) == "21 files: a post has at most 20 media items, so create several posts"


def test_a_key_is_created_listed_and_revoked(engine: Engine) -> None:
    runner = CliRunner()

    token = runner.invoke(cli, ["api-keys", "create", "social.example"]).stdout.strip()
    key_id = token.split("_")[1]
    with transaction(engine) as session:
        key = api_keys.verify(session, token)
        assert key is not None
        assert (key.owner, key.scopes) == ("social.example", {"publish", "report", "read"})

    assert runner.invoke(cli, ["api-keys", "revoke", key_id]).stdout == f"{key_id} is revoked\n"
    listed = runner.invoke(cli, ["api-keys", "list", "--json"]).stdout
    (row,) = json.loads(listed)
    assert (row["key_id"], row["owner"]) == (key_id, "social.example")
    assert row["scopes"] == ["publish", "read", "report"]
    assert (row["expires_at"], row["last_used_at"] is None) == (None, False)
    assert row["revoked_at"] is not None
    assert token.split("_")[2] not in listed
    with transaction(engine) as session:
        assert api_keys.verify(session, token) is None


def test_an_unknown_key_is_reported() -> None:
    run = CliRunner().invoke(cli, ["api-keys", "revoke", "0000"])

    assert str(run.exception) == "there is no API key '0000': `fakeme api-keys list` shows all keys"


def test_a_key_has_the_scopes_and_the_expiry_that_were_asked_for(engine: Engine) -> None:
    options = ["--scope", "read", "--scope", "all-posts", "--expires", "30d", "--json"]

    created = json.loads(CliRunner().invoke(cli, ["api-keys", "create", "[b]monitor[/b]", *options]).stdout)

    listed = CliRunner().invoke(cli, ["api-keys", "list"], env={"COLUMNS": "250"}).stdout
    (line,) = [line for line in listed.splitlines() if created["key_id"] in line]
    lifetime = datetime.fromisoformat(created["expires_at"]) - datetime.now(UTC)
    assert created["scopes"] == ["read", "all-posts"]
    assert 29 < lifetime.total_seconds() / 86_400 <= 30
    assert "all-posts read" in line
    assert created["expires_at"] in line
    assert "[b]monitor[/b]" in line  # a name is not markup


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([""], "the owner '' is not a name"),
        (["  "], "the owner '  ' is not a name"),
        (["x\x1b[31m"], r"the owner 'x\x1b[31m' is not a name"),
        (["x", "--scope", "admin"], "--scope is 'admin': the scopes are publish, report, read, all-posts"),
        (["x", "--expires", "soon"], "--expires is 'soon': give days, such as 90d"),
        (["x", "--expires", "2020-01-01"], "the expiry 2020-01-01T00:00:00+00:00 is past"),
    ],
)
def test_a_key_without_a_proper_owner_scope_or_expiry_is_refused(arguments: list[str], message: str) -> None:
    run = CliRunner().invoke(cli, ["api-keys", "create", *arguments])

    assert run.exit_code == 1
    assert message in str(run.exception)
