"""Renders dead letters as a table, as a page or as JSON."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from pipeline.operations.dead_letter_reader import Position, StoredDeadLetter

SHOWN_CHARACTERS = 4_000  # of a value in the terminal; --json prints all of it


def subject(position: Position) -> str:
    """Return the subject of the dead letter at ``position`` in the audit."""
    return f"dead-letter:{position}"


def letters_table(letters: Sequence[StoredDeadLetter], replayed: Mapping[str, datetime]) -> Table:
    """Return a table with one row per dead letter."""
    table = Table()
    for name in ("place", "reason"):
        table.add_column(name, no_wrap=True)  # arguments of the other commands, so they must not be cut
    for name in ("from", "key", "died", "replayed", "detail"):
        table.add_column(name, overflow="fold")
    for stored in letters:
        letter = stored.letter
        replayed_at = replayed.get(subject(stored.position))
        table.add_row(
            str(stored.position),
            letter.reason.value,
            f"{letter.record.topic}:{letter.partition}:{letter.offset}",
            Text(readable(letter.record.key)),
            f"{letter.dead_at:%m-%d %H:%M}",
            f"{replayed_at:%m-%d %H:%M}" if replayed_at else "",
            Text(letter.detail),
        )
    return table


def letter_view(stored: StoredDeadLetter, replayed_at: datetime | None) -> RenderableType:
    """Return a page with all data of a dead letter, its headers and its value."""
    letter = stored.letter
    facts = Table.grid(padding=(0, 2))
    for name, value in letter_document(stored, replayed_at).items():
        if name not in ("headers", "value"):
            facts.add_row(name, Text(str(value)))
    headers = Table("header", "value")
    for name, raw in letter.record.headers:
        headers.add_row(Text(name), Text(readable(raw)))
    value = readable(letter.record.value)
    hidden = len(value) - SHOWN_CHARACTERS
    tail = f"\n… and {hidden} more characters: see --json" if hidden > 0 else ""
    return Group(facts, headers, Text(value[:SHOWN_CHARACTERS] + tail))


def letter_document(stored: StoredDeadLetter, replayed_at: datetime | None) -> dict[str, Any]:
    """Return a dead letter as JSON, with bytes as :func:`readable` text."""
    letter = stored.letter
    return {
        "place": str(stored.position),
        "reason": letter.reason.value,
        "detail": letter.detail,
        "topic": letter.record.topic,
        "partition": letter.partition,
        "offset": letter.offset,
        "timestamp_ms": letter.timestamp_ms,
        "attempts": letter.attempts,
        "dead_at": letter.dead_at.isoformat(),
        "replayed_at": replayed_at.isoformat() if replayed_at else None,
        "key": readable(letter.record.key),
        "headers": [[name, readable(raw)] for name, raw in letter.record.headers],
        "value": readable(letter.record.value),
    }


def readable(raw: bytes | None) -> str:
    """Return bytes as text if they are UTF-8, else as ``hex:…``; None as ``null``."""
    if raw is None:
        return "null"
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return f"hex:{raw.hex()}"
