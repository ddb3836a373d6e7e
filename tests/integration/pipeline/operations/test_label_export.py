"""`fakeme export-labels` with a real database and object storage."""

import csv
import hashlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import cv2
import numpy as np
import pytest
from sqlalchemy import Engine, delete, select
from typer.testing import CliRunner

from inference.fingerprint import fingerprint
from infra.local.stack import Endpoints
from pipeline.cli import app, cli
from pipeline.settings import load_settings
from schemas.moderation import CaseOrigin, DecisionKind
from schemas.posts import Media, PostCreated
from schemas.verdicts import Label, MediaVerdict, ModelRef, Trigger, TriggerKind, VerdictIssued
from storage import cases, decisions, leases, posts, verdicts
from storage.database import connect, transaction
from storage.signals import Signal, SignalKind
from storage.tables import AuditEntry, Base, Post

BUCKET = "platform-media"


def picture(seed: int, quality: int = 95) -> bytes:
    """A JPEG with shapes, and so a PDQ, that depend only on the seed."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 6, 3)).astype(np.uint8)
    pixels = cv2.resize(coarse, (96, 96), interpolation=cv2.INTER_CUBIC)
    return cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()


@dataclass
class Moderation:
    """A platform with posts, and moderators who decide on them."""

    database: Engine
    s3: Any
    numbers: Iterator[int] = field(default_factory=lambda: iter(range(1, 1000)))

    def put(self, data: bytes, name: str = "holiday.jpg") -> Media:
        key = f"labels/{uuid4().hex}/{name}"
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=data, ContentType="image/jpeg")
        return Media(uri=f"s3://{BUCKET}/{key}", media_type="image/jpeg")

    def remove(self, media: Media) -> None:
        self.s3.delete_object(Bucket=BUCKET, Key=media.key)

    def post(self, author: str, *media: Media) -> str:
        post_id = f"p{next(self.numbers)}"
        with transaction(self.database) as session:
            body = PostCreated(post_id=post_id, author_id=author, media=media, created_at=datetime.now(UTC))
            posts.keep(session, body)
        return post_id

    def judge(self, post_id: str, *judged: tuple[Media, bytes, Label]) -> None:
        """Store the verdict on a post."""
        media_verdicts = [
            MediaVerdict(
                uri=media.uri,
                label=label,
                score=0.5,
                threshold=0.9,
                sha256=hashlib.sha256(data).hexdigest(),
                pdq=fingerprint(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB)).pdq,
            )
            for media, data, label in judged
        ]
        with transaction(self.database) as session:
            verdicts.keep(
                session,
                VerdictIssued(
                    verdict_id=uuid4(),
                    post_id=post_id,
                    trigger=Trigger(kind=TriggerKind.CREATED, event_id=uuid4().hex),
                    label=judged[0][2],
                    score=0.5,
                    media=tuple(media_verdicts),
                    model=ModelRef(name="lite0", version="0.1.0", weights_sha256="0" * 64),
                    issued_at=datetime.now(UTC) - timedelta(seconds=1),
                ),
                "lite0@0.1.0",
            )

    def report(self, post_id: str) -> None:
        signal = Signal(uuid4().hex, post_id, SignalKind.REPORT, CaseOrigin.REPORT, {"reporter_id": "r"})
        with transaction(self.database) as session:
            assert cases.apply_signal(session, signal, source="tests") is not None

    def decide(self, post_id: str, kind: DecisionKind, moderator: str = "moderator-kim") -> None:
        """Report a post, which opens a case if there is none, and decide the case."""
        self.report(post_id)
        with transaction(self.database) as session:
            case = leases.claim_next(session, moderator, timedelta(minutes=5), source="tests")
            assert case is not None
            assert case.post_id == post_id
        with transaction(self.database) as session:
            decisions.decide(session, case.case_id, moderator, kind, source="tests")


@pytest.fixture
def moderation(
    database_url: str, stack: Endpoints, platform_s3: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Moderation]:
    """An empty database, which the settings of the command name."""
    monkeypatch.setenv("FAKEME_DATABASE_URL", database_url)
    monkeypatch.setenv("FAKEME_KAFKA_BOOTSTRAP", "127.0.0.1:1")
    monkeypatch.setenv("FAKEME_S3_ENDPOINT", stack.s3_endpoint)
    monkeypatch.setenv("FAKEME_S3_ACCESS_KEY", stack.s3_access_key)
    monkeypatch.setenv("FAKEME_S3_SECRET_KEY", stack.s3_secret_key)
    load_settings.cache_clear()
    engine = connect(database_url)
    with engine.begin() as connection:
        for table in reversed(Base.metadata.sorted_tables):
            connection.execute(delete(table))
    yield Moderation(engine, platform_s3)
    engine.dispose()
    load_settings.cache_clear()


def export(out: Path, *options: str) -> Any:
    arguments = ["export-labels", str(out), "--as", "curator", *options]
    result = CliRunner().invoke(cli, arguments, catch_exceptions=False, env={"COLUMNS": "120"})
    assert result.exit_code == 0, result.output
    return result


def rows(out: Path) -> dict[str, dict[str, str]]:
    with (out / "labels.csv").open(newline="") as file:
        return {row["sha256"]: row for row in csv.DictReader(file)}


def left_out(out: Path) -> list[str]:
    with (out / "left-out.csv").open(newline="") as file:
        return sorted(row["reason"] for row in csv.DictReader(file))


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_decided_posts_become_a_training_set(moderation: Moderation, tmp_path: Path) -> None:
    out = tmp_path / "set"
    # given a forged post with two media items, one of them flagged, and an authentic post by its author
    forged, unflagged, honest, recompressed = picture(1), picture(2), picture(3), picture(3, quality=60)
    both = moderation.put(forged), moderation.put(unflagged)
    first = moderation.post("account-lee", *both)
    moderation.judge(first, (both[0], forged, Label.SUSPECTED), (both[1], unflagged, Label.AUTHENTIC))
    moderation.decide(first, DecisionKind.DEEPFAKE)
    moderation.decide(moderation.post("account-lee", moderation.put(honest)), DecisionKind.AUTHENTIC)
    # and a recompressed repost, a post removed for another reason, a broken file and a deleted one
    moderation.decide(moderation.post("account-ann", moderation.put(recompressed)), DecisionKind.AUTHENTIC)
    moderation.decide(moderation.post("account-ann", moderation.put(picture(4))), DecisionKind.REMOVE)
    moderation.decide(moderation.post("account-bob", moderation.put(picture(5)[:300])), DecisionKind.DEEPFAKE)
    deleted = moderation.put(picture(6))
    moderation.decide(moderation.post("account-bob", deleted), DecisionKind.DEEPFAKE)
    moderation.remove(deleted)
    # when
    result = export(out)
    # then
    labels = rows(out)
    assert {row["file"] for row in labels.values()} == {
        f"fake/{sha256(forged)}.jpg",
        f"real/{sha256(honest)}.jpg",
    }
    assert (out / "fake" / f"{sha256(forged)}.jpg").read_bytes() == forged
    assert len({row["unit"] for row in labels.values()}) == 1  # one account
    row = labels[sha256(forged)]
    assert (row["model"], row["score"], row["decisions"]) == ("lite0@0.1.0", "0.5", "1")
    assert left_out(out) == ["broken", "gone", "near_duplicate", "not_flagged"]
    assert deleted.uri in result.stderr
    assert "object_missing" in result.stderr
    # and no account or moderator is named, but the audit contains who exported
    written = " ".join(path.read_text() for path in out.glob("*.csv"))
    assert not any(name in written for name in ("account-", "moderator-", "curator", "holiday"))
    with transaction(moderation.database) as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "labels.exported")).one()
    assert (entry.actor, entry.detail["fake"], entry.detail["real"]) == ("curator", 1, 1)


def test_an_export_follows_the_decisions(moderation: Moderation, tmp_path: Path) -> None:
    out = tmp_path / "set"
    # given an export of a forged post
    data = picture(11)
    media = moderation.put(data)
    post = moderation.post("a", media)
    moderation.judge(post, (media, data, Label.DEEPFAKE))
    moderation.decide(post, DecisionKind.DEEPFAKE)
    export(out)
    unit = rows(out)[sha256(data)]["unit"]
    # when it is reported again, then it is left out
    moderation.report(post)
    export(out)
    assert rows(out) == {}
    assert left_out(out) == ["reopened"]
    # when the decision is overturned, then it is real and keeps its unit
    moderation.decide(post, DecisionKind.AUTHENTIC, "moderator-lee")
    export(out)
    row = rows(out)[sha256(data)]
    assert (row["label"], row["unit"], row["decisions"]) == ("real", unit, "2")
    # when two moderators must agree, then it is left out
    export(out, "--min-agreement", "2")
    assert left_out(out) == ["too_few_agree"]


def test_an_export_is_extended_without_fetching_again(moderation: Moderation, tmp_path: Path) -> None:
    out = tmp_path / "set"
    old, new = picture(21), picture(22)
    media = moderation.put(old)
    moderation.decide(moderation.post("a", media), DecisionKind.DEEPFAKE)
    export(out)
    # given that the platform deleted the forged media item
    moderation.remove(media)
    moderation.decide(moderation.post("a", moderation.put(new)), DecisionKind.DEEPFAKE)
    # when all decisions are exported again, and then only new ones
    export(out)
    complete = rows(out)
    export(out, "--since", (datetime.now(UTC) + timedelta(days=1)).strftime("%Y-%m-%d"))
    # then both are in the set, in the unit of the account
    assert complete.keys() == {sha256(old), sha256(new)}
    assert len({row["unit"] for row in complete.values()}) == 1
    assert rows(out) == complete


def test_an_unpublished_post_has_the_media_of_its_report(moderation: Moderation, tmp_path: Path) -> None:
    data = picture(31)
    media = moderation.put(data, "no-suffix")
    body = {"reporter_id": "r", "media": [media.model_dump(mode="json")]}
    signal = Signal(uuid4().hex, "unseen", SignalKind.REPORT, CaseOrigin.REPORT, body)
    with transaction(moderation.database) as session:
        cases.apply_signal(session, signal, source="tests")
        assert session.get(Post, "unseen") is None
    moderation.decide("unseen", DecisionKind.AUTHENTIC)
    export(tmp_path / "set")
    [row] = rows(tmp_path / "set").values()
    assert (row["file"], row["accounts"]) == (f"real/{sha256(data)}.jpg", "")


def test_changed_bytes_are_left_out(moderation: Moderation, tmp_path: Path) -> None:
    media = moderation.put(picture(41))
    post = moderation.post("a", media)
    moderation.judge(post, (media, picture(42), Label.SUSPECTED))
    moderation.decide(post, DecisionKind.DEEPFAKE)
    export(tmp_path / "set")
    assert rows(tmp_path / "set") == {}
    assert left_out(tmp_path / "set") == ["changed"]


def test_an_unavailable_store_is_a_one_line_error_and_a_later_run_succeeds(
    moderation: Moderation,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    moderation.decide(moderation.post("a", moderation.put(picture(51))), DecisionKind.DEEPFAKE)
    out = tmp_path / "set"
    with monkeypatch.context() as patch:
        patch.setenv("FAKEME_S3_ENDPOINT", "http://127.0.0.1:1")
        patch.setattr(sys, "argv", ["fakeme", "export-labels", str(out), "--as", "curator"])
        load_settings.cache_clear()
        with pytest.raises(SystemExit) as exit_:
            app()
    assert exit_.value.code == 2
    assert "error: the object store http://127.0.0.1:1 did not serve" in capsys.readouterr().err
    load_settings.cache_clear()
    export(out)
    assert len(rows(out)) == 1
