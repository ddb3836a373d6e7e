import io
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from rich.console import Console

from pipeline.cli.case_view import (
    CaseHistory,
    case_document,
    duration,
    evidence,
    findings,
    history_view,
    reasons,
)
from storage.tables import Case, CaseSignal

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def _case(**changes: Any) -> Case:
    fields: dict[str, Any] = {
        "case_id": UUID(int=1),
        "post_id": "p1",
        "origin": "suspicion",
        "state": "open",
        "priority": 18.0,
        "score": 0.6,
        "reasons": [],
        "reporters": 0,
        "surged": False,
        "appealed": False,
        "escalated": False,
        "opened_at": NOW - timedelta(hours=3),
    }
    return Case(**(fields | changes))


def test_the_priority_includes_the_age() -> None:
    assert case_document(_case(), NOW) == {
        "case_id": "00000000-0000-0000-0000-000000000001",
        "post_id": "p1",
        "state": "open",
        "origin": "suspicion",
        "priority": 24.0,
        "score": 0.6,
        "reasons": [],
        "reporters": 0,
        "surged": False,
        "appealed": False,
        "escalated": False,
        "leased_by": None,
        "leased_until": None,
        "opened_at": "2026-11-23T09:00:00+00:00",
    }


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({}, "suspicion"),
        ({"reasons": ["sexual", "other"]}, "sexual, other"),
        ({"origin": "appeal", "appealed": True}, "appeal"),
        ({"reasons": ["other"], "appealed": True}, "other, appeal"),
        ({"reasons": ["other"], "surged": True, "escalated": True}, "other, surge, escalated"),
    ],
)
def test_the_reasons_for_a_case(fields: dict[str, Any], text: str) -> None:
    assert reasons(_case(**fields)) == text


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (timedelta(seconds=59), "0 min"),
        (timedelta(minutes=59, seconds=59), "59 min"),
        (timedelta(hours=1), "1 h"),
        (timedelta(hours=47, minutes=59), "47 h"),
        (timedelta(days=2), "2 d"),
    ],
)
def test_durations_are_short(span: timedelta, text: str) -> None:
    assert duration(span) == text


def test_evidence_is_that_of_the_newest_verdict_that_has_any() -> None:
    def verdict(*media: dict[str, Any]) -> CaseSignal:
        return CaseSignal(kind="verdict", body={"media": list(media)})

    older = verdict({"evidence": ["s3://e/1/face-0.jpg"]})
    newer = verdict({"evidence": ["s3://e/2/face-0.jpg", "s3://e/2/face-0-heat.jpg"]}, {"evidence": []})
    report = CaseSignal(kind="report", body={"reporter_id": "r", "media": [{"uri": "s3://m/1"}]})

    assert evidence([older, newer, report, CaseSignal(kind="surge", body={})]) == [
        "s3://e/2/face-0.jpg",
        "s3://e/2/face-0-heat.jpg",
    ]
    assert evidence([report]) == []


def test_findings_of_the_newest_verdict_are_shown_in_words() -> None:
    def verdict(*found: dict[str, Any]) -> CaseSignal:
        return CaseSignal(kind="verdict", seen_at=NOW, body={"media": [{"signals": list(found)}]})

    def finding(signal: str, label: str | None, detail: str, decisive: bool = False) -> dict[str, Any]:
        return {"signal": signal, "label": label, "decisive": decisive, "detail": detail}

    older = verdict(finding("metadata", None, "an older finding"))
    newer = verdict(
        finding("credentials", "deepfake", "signed by Acme, who is trusted", decisive=True),
        finding("metadata", None, "weak traces \x1b[31m"),
        finding("other", "suspected", "a hint"),
    )
    report = CaseSignal(kind="report", seen_at=NOW, body={"reporter_id": "r"})
    case = _case(leased_by=None, leased_until=None)
    page = io.StringIO()

    Console(file=page, width=120).print(history_view(CaseHistory(case, [older, newer, report], [], [], NOW)))

    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in page.getvalue().splitlines()]
    assert [row for row in rows if len(row) == 3 and not row[0].startswith("2026")] == [
        ["credentials", "deepfake, decides alone", "signed by Acme, who is trusted"],
        ["metadata", "informs", "weak traces \\x1b[31m"],
        ["other", "suspected, hint", "a hint"],
    ]
    assert findings([report]) == []
