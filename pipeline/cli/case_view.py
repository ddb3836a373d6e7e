"""Cases as a moderator sees them on the command line: as tables, or as JSON for programs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from storage.priority import aged
from storage.tables import AuditEntry, Case, CaseSignal, Decision

TOLD = (  # of events and audit entries, in this order
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
    """A case and all that happened to it; ``now`` is the database's time, by which its age counts."""

    case: Case
    signals: Sequence[CaseSignal]
    decisions: Sequence[Decision]
    audit: Sequence[AuditEntry]
    now: datetime


def case_document(case: Case, now: datetime) -> dict[str, Any]:
    """A case as JSON; ``priority`` has its age in it, as the queue is ordered."""
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
    """A case with its signals, decisions and audit as JSON, each oldest first."""
    return {
        **case_document(history.case, history.now),
        "signals": [
            {"event_id": one.event_id, "kind": one.kind, "seen_at": one.seen_at.isoformat(), "body": one.body}
            for one in history.signals
        ],
        "decisions": [
            {
                "decision_id": str(one.decision_id),
                "decision": one.decision,
                "moderator": one.moderator,
                "note": one.note,
                "decided_at": one.decided_at.isoformat(),
            }
            for one in history.decisions
        ],
        "audit": [
            {"at": one.at.isoformat(), "actor": one.actor, "action": one.action, "detail": one.detail}
            for one in history.audit
        ],
    }


def queue_table(cases: Sequence[Case], now: datetime) -> Table:
    """Cases in the order given, in 80 columns: below each id stand its post and what is said of it."""
    table = Table("case", "state", "priority", "score", "waits", box=SIMPLE_HEAD)
    for column in table.columns:
        column.no_wrap = True  # ids are copied to claim a case
    for case in cases:
        table.add_row(
            str(case.case_id),
            case.state,
            f"{aged(case.priority, now - case.opened_at):.0f}",
            "" if case.score is None else f"{case.score:.2f}",
            duration(now - case.opened_at),
        )
        about = f"  {case.post_id}: {why(case)}"
        if case.reporters:
            about += f", {case.reporters} reporter{'s' * (case.reporters > 1)}"
        table.add_row(Text(about, style="dim", overflow="fold"), Text(case.leased_by or "", style="dim"))
    return table


def history_view(history: CaseHistory) -> RenderableType:
    """A case and what happened to it, for a terminal."""
    facts = Table("", "", show_header=False)
    for name, value in case_document(history.case, history.now).items():
        facts.add_row(name, _plain(value))
    signals = Table("when", "signal", "what it says", title="signals")
    for signal in history.signals:
        signals.add_row(_clock(signal.seen_at), signal.kind, Text(_said(signal.body)))
    shown = Table("of the newest verdict", title="evidence")
    for uri in evidence(history.signals):
        shown.add_row(Text(uri, overflow="fold"))
    entries = Table("when", "who", "did", "how", title="history")
    for entry in history.audit:
        how = {name: value for name, value in entry.detail.items() if name in ("signal", "decision", "note")}
        entries.add_row(_clock(entry.at), Text(entry.actor), entry.action, Text(_said(how)))
    return Group(facts, signals, *([shown] if shown.row_count else []), entries)


def evidence(signals: Sequence[CaseSignal]) -> list[str]:
    """URIs of what shows why, of the newest verdict that has any: crops, heat maps, timelines."""
    found: list[str] = []
    for signal in signals:  # oldest first
        found = [uri for media in signal.body.get("media", ()) for uri in media.get("evidence", ())] or found
    return found


def why(case: Case) -> str:
    """Why there is a case, in few words."""
    marks = {"appeal": case.appealed, "surge": case.surged, "escalated": case.escalated}
    words = [*(case.reasons or [case.origin]), *(name for name, given in marks.items() if given)]
    return ", ".join(dict.fromkeys(words))  # an appeal's case is marked by it too


def duration(span: timedelta) -> str:
    """A time that people can read at a glance: minutes, hours or days."""
    minutes = int(span.total_seconds() // 60)
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // (24 * 60)} d"


def _said(body: Mapping[str, Any]) -> str:
    """The parts of an event that help a moderator; the rest is in the JSON."""
    return "  ".join(f"{name}: {body[name]}" for name in TOLD if body.get(name) not in (None, ""))


def _plain(value: object) -> Text:
    return Text(", ".join(value) if isinstance(value, list) else "" if value is None else str(value))


def _clock(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S")
