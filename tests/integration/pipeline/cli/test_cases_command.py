"""`fakeme cases` with PostgreSQL."""

import json
import sys
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner

from pipeline.cli import app, cli
from pipeline.settings import load_settings
from schemas.moderation import CaseOrigin
from schemas.posts import ReportReason
from storage import cases
from storage.database import connect, transaction
from storage.errors import CaseDecidedError, CaseNotClaimedError
from storage.signals import Signal, SignalKind
from storage.tables import Base


@pytest.fixture
def engine(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """An empty queue, which the settings of the command name."""
    monkeypatch.setenv("FAKEME_DATABASE_URL", database_url)
    monkeypatch.setenv("FAKEME_KAFKA_BOOTSTRAP", "127.0.0.1:1")
    monkeypatch.setenv("USER", "kim")
    load_settings.cache_clear()
    engine = connect(database_url)
    with engine.begin() as connection:
        for table in reversed(Base.metadata.sorted_tables):
            connection.execute(table.delete())
    yield engine
    engine.dispose()
    load_settings.cache_clear()


def _open(engine: Engine, post: str, reason: ReportReason) -> UUID:
    body = {"reporter_id": "u1", "text": "this is [bold]me[/bold]"}
    signal = Signal(str(uuid4()), post, SignalKind.REPORT, CaseOrigin.REPORT, body, reason=reason)
    with transaction(engine) as session:
        change = cases.apply_signal(session, signal, source="tests")
    assert change is not None
    return change.case_id


def _run(*arguments: str) -> str:
    result = CliRunner().invoke(cli, ["cases", *arguments], catch_exceptions=False, env={"COLUMNS": "200"})
    assert result.exit_code == 0, result.output
    return result.stdout


def _json(*arguments: str) -> Any:
    return json.loads(_run(*arguments, "--json"))


def test_a_case_is_listed_claimed_released_and_decided(engine: Engine) -> None:
    # given
    minor = _open(engine, "p1", ReportReason.OTHER)
    severe = _open(engine, "p2", ReportReason.SEXUAL)
    # then the severe one is first
    assert [case["case_id"] for case in _json("list")] == [str(severe), str(minor)]
    # when the most urgent is claimed, released, claimed by id and decided
    assert _json("claim")["case_id"] == str(severe)
    assert _json("release", str(severe))["state"] == "open"
    assert _json("claim", str(severe), "--as", "lee")["leased_by"] == "lee"
    record = _json("decide", str(severe), "deepfake", "--as", "lee", "--note", "eyes do not match")
    # then
    assert (record["decision"], record["moderator"], record["note"]) == (
        "deepfake",
        "lee",
        "eyes do not match",
    )
    assert [case["case_id"] for case in _json("list")] == [str(minor)]
    assert [case["case_id"] for case in _json("list", "--state", "decided")] == [str(severe)]
    shown = _json("show", str(severe))
    assert [entry["action"] for entry in shown["audit"]] == [
        "case.opened",
        "case.claimed",
        "case.released",
        "case.claimed",
        "case.decided",
    ]
    assert [entry["actor"] for entry in shown["audit"]] == ["fakeme", "kim", "kim", "lee", "lee"]


def test_tables_show_the_data_of_a_case(engine: Engine) -> None:
    case_id = _open(engine, "p1", ReportReason.SEXUAL)
    listed = _run("list")
    assert all(part in listed for part in (str(case_id), "p1", "open", "sexual", "61", "0 min"))
    shown = _run("show", str(case_id))
    assert "text: this is [bold]me[/bold]" in shown  # user text is not interpreted as markup
    assert "case.opened" in shown


def test_an_empty_queue_is_not_an_error(engine: Engine) -> None:
    assert _run("list") == "There are no cases.\n"
    assert _run("claim") == "There is no case to claim.\n"
    assert _json("list") == []
    assert _json("claim") is None


def test_a_user_error_is_one_line_and_exit_code_2(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    case_id = _open(engine, "p1", ReportReason.OTHER)
    monkeypatch.setattr(sys, "argv", ["fakeme", "cases", "decide", str(case_id), "remove"])
    with pytest.raises(SystemExit) as exit_:
        app()
    assert exit_.value.code == 2
    message = f"error: case {case_id} is not claimed by kim (unclaimed): claim it first\n"
    assert capsys.readouterr().err == message


def test_a_case_is_decided_once_by_the_moderator_who_claimed_it(engine: Engine) -> None:
    case_id = str(_open(engine, "p1", ReportReason.OTHER))
    _run("claim", case_id)
    with pytest.raises(CaseNotClaimedError):
        _run("decide", case_id, "remove", "--as", "lee")
    _run("decide", case_id, "remove")
    with pytest.raises(CaseDecidedError):
        _run("decide", case_id, "authentic")


@pytest.mark.parametrize("name", ["", "  ", "x" * 129])
def test_an_invalid_moderator_name_is_refused(engine: Engine, name: str) -> None:
    result = CliRunner().invoke(cli, ["cases", "claim", "--as", name], env={"COLUMNS": "200"})
    assert result.exit_code == 2
    assert "1 to 128 characters" in result.output
