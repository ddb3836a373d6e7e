"""How dead letters look to an operator: a table, a page, JSON."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from pipeline.operations.dead_letter_reader import Position, StoredDeadLetter

SHOWN_CHARACTERS = 4_000  # of a value on the screen; --json has all of it


def subject(place: Position) -> str:
    """What the audit calls the dead letter at ``place``."""
    return f"dead-letter:{place}"


def letters_table(letters: Sequence[StoredDeadLetter], replayed: Mapping[str, datetime]) -> Table:
    """One line a letter."""
    table = Table()
    for name in ("place", "reason"):
        table.add_column(name, no_wrap=True)  # what the other commands take must not be cut
    for name in ("from", "key", "died", "replayed", "detail"):
        table.add_column(name, overflow="fold")
    for each in letters:
        letter = each.letter
        again = replayed.get(subject(each.place))
        table.add_row(
            str(each.place),
            letter.reason.value,
            f"{letter.record.topic}:{letter.partition}:{letter.offset}",
            Text(readable(letter.record.key)),
            f"{letter.dead_at:%m-%d %H:%M}",
            f"{again:%m-%d %H:%M}" if again else "",
            Text(letter.detail),
        )
    return table


def letter_view(buried: StoredDeadLetter, replayed: datetime | None) -> RenderableType:
    """All of a letter: what happened, its headers, its bytes."""
    letter = buried.letter
    facts = Table.grid(padding=(0, 2))
    for name, value in letter_document(buried, replayed).items():
        if name not in ("headers", "value"):
            facts.add_row(name, Text(str(value)))
    headers = Table("header", "value")
    for name, raw in letter.record.headers:
        headers.add_row(Text(name), Text(readable(raw)))
    value = readable(letter.record.value)
    more = len(value) - SHOWN_CHARACTERS
    tail = f"\n… and {more} more characters: see --json" if more > 0 else ""
    return Group(facts, headers, Text(value[:SHOWN_CHARACTERS] + tail))


def letter_document(buried: StoredDeadLetter, replayed: datetime | None) -> dict[str, Any]:
    """A letter as JSON; bytes as :func:`readable` text."""
    letter = buried.letter
    return {
        "place": str(buried.place),
        "reason": letter.reason.value,
        "detail": letter.detail,
        "topic": letter.record.topic,
        "partition": letter.partition,
        "offset": letter.offset,
        "timestamp_ms": letter.timestamp_ms,
        "attempts": letter.attempts,
        "dead_at": letter.dead_at.isoformat(),
        "replayed_at": replayed.isoformat() if replayed else None,
        "key": readable(letter.record.key),
        "headers": [[name, readable(raw)] for name, raw in letter.record.headers],
        "value": readable(letter.record.value),
    }


def readable(raw: bytes | None) -> str:
    """Bytes as text where they are UTF-8, else as ``hex:…``; ``null`` where there are none."""
    if raw is None:
        return "null"
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return f"hex:{raw.hex()}"
