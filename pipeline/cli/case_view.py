"""Renders cases as tables or JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from pipeline.cli.terminal_text import printable
from storage.priority import aged
from storage.signals import SignalKind
from storage.tables import AuditEntry, Case, CaseSignal, Decision

SHOWN_FIELDS = (  # of events and audit entries, in this order
    "label",
    "score",
    "reason",
    "reporter_id",
    "author_id",
    "reporters",
    "text",
    "signal",
    "decision",
    "note",
)


@dataclass(frozen=True)
class CaseHistory:
    """A case and its history; ``now`` is the time of the database, which determines the age."""

    case: Case
    signals: Sequence[CaseSignal]
    decisions: Sequence[Decision]
    audit: Sequence[AuditEntry]
    now: datetime


def case_document(case: Case, now: datetime) -> dict[str, Any]:
    """Return a case as JSON; ``priority`` includes the age, as in the order of the queue."""
    return {
        "case_id": str(case.case_id),
        "post_id": case.post_id,
        "state": case.state,
        "origin": case.origin,
        "priority": round(aged(case.priority, now - case.opened_at), 2),
        "score": case.score,
        "reasons": list(case.reasons),
        "reporters": case.reporters,
        "surged": case.surged,
        "appealed": case.appealed,
        "escalated": case.escalated,
        "leased_by": case.leased_by,
        "leased_until": case.leased_until and case.leased_until.isoformat(),
        "opened_at": case.opened_at.isoformat(),
    }


def history_document(history: CaseHistory) -> dict[str, Any]:
    """Return a case with its signals, decisions and audit entries as JSON, each oldest first."""
    return {
        **case_document(history.case, history.now),
        "signals": [
            {
                "event_id": signal.event_id,
                "kind": signal.kind,
                "seen_at": signal.seen_at.isoformat(),
                "body": signal.body,
            }
            for signal in history.signals
        ],
        "decisions": [
            {
                "decision_id": str(decision.decision_id),
                "decision": decision.decision,
                "moderator": decision.moderator,
                "note": decision.note,
                "decided_at": decision.decided_at.isoformat(),
            }
            for decision in history.decisions
        ],
        "audit": [
            {
                "at": entry.at.isoformat(),
                "actor": entry.actor,
                "action": entry.action,
                "detail": entry.detail,
            }
            for entry in history.audit
        ],
    }


def queue_table(cases: Sequence[Case], now: datetime) -> Table:
    """Return a table of cases in 80 columns; the line below each id has the post and the reasons."""
    table = Table("case", "state", "priority", "score", "waiting", box=SIMPLE_HEAD)
    for column in table.columns:
        column.no_wrap = True  # ids are copied to claim a case, so they must not be cut
    for case in cases:
        table.add_row(
            str(case.case_id),
            case.state,
            f"{aged(case.priority, now - case.opened_at):.0f}",
            "" if case.score is None else f"{case.score:.2f}",
            duration(now - case.opened_at),
        )
        details = f"  {case.post_id}: {reasons(case)}"
        if case.reporters:
            details += f", {case.reporters} reporter{'s' * (case.reporters > 1)}"
        table.add_row(Text(details, style="dim", overflow="fold"), Text(case.leased_by or "", style="dim"))
    return table


def history_view(history: CaseHistory) -> RenderableType:
    """Return a page with a case and its history."""
    facts = Table("", "", show_header=False)
    for name, value in case_document(history.case, history.now).items():
        facts.add_row(name, _text(value))
    signals = Table("time", "signal", "details", title="signals")
    for signal in history.signals:
        signals.add_row(_timestamp(signal.seen_at), signal.kind, Text(_shown_fields(signal.body)))
    evidence_table = Table("newest verdict", title="evidence")
    for uri in evidence(history.signals):
        evidence_table.add_row(Text(uri, overflow="fold"))
    found_table = Table("signal", "label", "finding", title="checks besides the model, of the newest verdict")
    for finding in findings(history.signals):
        found_table.add_row(*(Text(printable(value)) for value in _finding_cells(finding)))
    entries = Table("time", "actor", "action", "details", title="history")
    for entry in history.audit:
        details = {
            name: value for name, value in entry.detail.items() if name in ("signal", "decision", "note")
        }
        entries.add_row(_timestamp(entry.at), Text(entry.actor), entry.action, Text(_shown_fields(details)))
    optional = [table for table in (found_table, evidence_table) if table.row_count]
    return Group(facts, signals, *optional, entries)


def evidence(signals: Sequence[CaseSignal]) -> list[str]:
    """Return the evidence URIs (crops, heat maps, timelines) of the newest verdict that has any."""
    uris: list[str] = []
    for signal in signals:  # oldest first
        uris = [uri for media in signal.body.get("media", ()) for uri in media.get("evidence", ())] or uris
    return uris


def findings(signals: Sequence[CaseSignal]) -> list[Mapping[str, Any]]:
    """Return what the checks besides the model found in the media of the newest verdict."""
    verdicts = [signal.body for signal in signals if signal.kind == SignalKind.VERDICT]  # oldest first
    newest = verdicts[-1] if verdicts else {}
    return [finding for media in newest.get("media", ()) for finding in media.get("signals", ())]


def _finding_cells(finding: Mapping[str, Any]) -> tuple[str, str, str]:
    """Return name, label and detail; a check without a label only informs."""
    label = finding.get("label")
    decided = f"{label}, decides alone" if finding.get("decisive") else f"{label}, hint"
    return str(finding.get("signal")), decided if label else "informs", str(finding.get("detail", ""))


def reasons(case: Case) -> str:
    """Return the reasons for a case, in a few words."""
    flags = {"appeal": case.appealed, "surge": case.surged, "escalated": case.escalated}
    words = [*(case.reasons or [case.origin]), *(name for name, is_set in flags.items() if is_set)]
    return ", ".join(dict.fromkeys(words))  # without duplicates: an appeal is both origin and flag


def duration(span: timedelta) -> str:
    """Return a duration in minutes, hours or days."""
    minutes = int(span.total_seconds() // 60)
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // (24 * 60)} d"


def _shown_fields(body: Mapping[str, Any]) -> str:
    """Return the fields of an event that help a moderator; the JSON has all of them."""
    return "  ".join(f"{name}: {body[name]}" for name in SHOWN_FIELDS if body.get(name) not in (None, ""))


def _text(value: object) -> Text:
    return Text(", ".join(value) if isinstance(value, list) else "" if value is None else str(value))


def _timestamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S")
