"""`fakeme dead-letters`: list, show and replay events that could not be processed."""

import heapq
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated

import typer
from rich.console import Console
from sqlalchemy import Engine

from pipeline.cli.dead_letter_view import letter_document, letter_view, letters_table, readable, subject
from pipeline.operations.dead_letter_reader import DeadLetterReader, Position, Replayer, StoredDeadLetter
from pipeline.settings import load_settings
from schemas.errors import DeadLetterReason
from storage import audit
from storage.database import connect, transaction

REPLAYED = "dead_letter.replayed"  # name of the action in the audit

commands = typer.Typer(help="List, show and replay events that could not be processed.", no_args_is_help=True)


def _position(text: str) -> Position:
    try:
        return Position.parse(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is not PARTITION:OFFSET, such as 3:17") from error


AtPosition = Annotated[
    Position, typer.Argument(metavar="PLACE", parser=_position, help="PARTITION:OFFSET, as shown by `list`.")
]
AtPositions = Annotated[
    list[Position] | None,
    typer.Argument(metavar="PLACE…", parser=_position, help="PARTITION:OFFSET, as shown by `list`."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
WithReason = Annotated[DeadLetterReason | None, typer.Option(help="Only dead letters with this reason.")]


@commands.command(name="list")
def list_letters(
    reason: WithReason = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Maximum number of dead letters.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List dead letters, newest first."""
    with _database() as engine:
        replayed = _replayed(engine)
    letters = _with_reason(DeadLetterReader(load_settings().brokers).letters(), reason)
    latest = heapq.nlargest(limit, letters, key=lambda stored: (stored.letter.dead_at, stored.position))
    if as_json:
        print(
            json.dumps(
                [letter_document(stored, replayed.get(subject(stored.position))) for stored in latest],
                indent=2,
            )
        )
    else:
        Console().print(letters_table(latest, replayed) if latest else "There are no dead letters.")


@commands.command()
def show(position: AtPosition, as_json: AsJson = False) -> None:
    """Show a dead letter with its headers and value, as text or else in hex."""
    stored = DeadLetterReader(load_settings().brokers).find(position)
    with _database() as engine:
        replayed = _replayed(engine).get(subject(position))
    if as_json:
        print(json.dumps(letter_document(stored, replayed), indent=2))
    else:
        Console().print(letter_view(stored, replayed))


@commands.command()
def replay(
    positions: AtPositions = None,
    reason: WithReason = None,
    everything: Annotated[
        bool, typer.Option("--all", help="All dead letters that were not replayed before.")
    ] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Include dead letters that were replayed before.")
    ] = False,
    actor: Annotated[
        str, typer.Option("--as", envvar="USER", help="Name of the actor for the audit.")
    ] = "operator",
) -> None:
    """Publish the original events to their topics; safe to repeat, because events keep their ids.

    Dead letters given by PLACE are always replayed; --reason and --all skip those replayed before.
    """
    if bool(positions) + (reason is not None) + everything != 1:
        raise typer.BadParameter("choose the dead letters: PLACE…, --reason REASON or --all")
    settings = load_settings()
    reader = DeadLetterReader(settings.brokers)
    chosen = (
        (reader.find(position) for position in positions)
        if positions
        else _with_reason(reader.letters(), reason)
    )
    with _database() as engine:
        done = {} if positions or again else _replayed(engine)
        sent = skipped = 0
        replayer = Replayer(settings.brokers)
        for stored in chosen:
            if subject(stored.position) in done:
                skipped += 1
                continue
            _replay(engine, replayer, stored, actor)
            sent += 1
    print(
        f"{sent} replayed"
        + (
            f", {skipped} skipped because they were replayed before (use --again to include them)"
            if skipped
            else ""
        )
    )


def _replay(engine: Engine, replayer: Replayer, stored: StoredDeadLetter, actor: str) -> None:
    record = replayer.replay(stored.letter)
    with transaction(engine) as session:
        detail = {"topic": record.topic, "key": readable(record.key), "reason": stored.letter.reason.value}
        audit.record(session, actor=actor, action=REPLAYED, subject=subject(stored.position), detail=detail)
    print(f"{stored.position} -> {record.topic} key {readable(record.key)}")


def _with_reason(
    letters: Iterable[StoredDeadLetter], reason: DeadLetterReason | None
) -> Iterator[StoredDeadLetter]:
    return (stored for stored in letters if reason is None or stored.letter.reason is reason)


def _replayed(engine: Engine) -> dict[str, datetime]:
    with transaction(engine) as session:
        return audit.last_done(session, REPLAYED)


@contextmanager
def _database() -> Iterator[Engine]:
    engine = connect(load_settings().database_url.get_secret_value(), application="fakeme-dead-letters")
    try:
        yield engine
    finally:
        engine.dispose()
