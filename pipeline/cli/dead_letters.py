"""`fakeme dead-letters`: look at what could not be read or handled, and send it through once more."""

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

REPLAYED = "dead_letter.replayed"  # the audit's name for it

commands = typer.Typer(help="List, show and replay events that could not be read.", no_args_is_help=True)


def _place(text: str) -> Position:
    try:
        return Position.parse(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no PARTITION:OFFSET, such as 3:17") from error


AtPlace = Annotated[
    Position, typer.Argument(metavar="PLACE", parser=_place, help="PARTITION:OFFSET, from `list`.")
]
AtPlaces = Annotated[
    list[Position] | None,
    typer.Argument(metavar="PLACE…", parser=_place, help="PARTITION:OFFSET, from `list`."),
]
AsJson = Annotated[bool, typer.Option("--json", help="JSON instead of a table.")]
OfReason = Annotated[DeadLetterReason | None, typer.Option(help="Only letters with this reason.")]


@commands.command(name="list")
def list_letters(
    reason: OfReason = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many at most.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List dead letters, the latest first."""
    with _database() as engine:
        replayed = _replayed(engine)
    letters = _of_reason(DeadLetterReader(load_settings().kafka_bootstrap).letters(), reason)
    latest = heapq.nlargest(limit, letters, key=lambda buried: (buried.letter.dead_at, buried.place))
    if as_json:
        print(
            json.dumps(
                [letter_document(each, replayed.get(subject(each.place))) for each in latest], indent=2
            )
        )
    else:
        Console().print(letters_table(latest, replayed) if latest else "There are no dead letters.")


@commands.command()
def show(place: AtPlace, as_json: AsJson = False) -> None:
    """Show one dead letter with its headers and bytes, as text or else in hex."""
    buried = DeadLetterReader(load_settings().kafka_bootstrap).find(place)
    with _database() as engine:
        replayed = _replayed(engine).get(subject(place))
    if as_json:
        print(json.dumps(letter_document(buried, replayed), indent=2))
    else:
        Console().print(letter_view(buried, replayed))


@commands.command()
def replay(
    places: AtPlaces = None,
    reason: OfReason = None,
    everything: Annotated[bool, typer.Option("--all", help="All letters not yet replayed.")] = False,
    again: Annotated[bool, typer.Option("--again", help="Also letters replayed before.")] = False,
    actor: Annotated[
        str, typer.Option("--as", envvar="USER", help="Who does it, for the audit.")
    ] = "operator",
) -> None:
    """Publish originals on the topics they came from; safe to repeat, since events keep their ids.

    Letters given by PLACE are sent in any case; with --reason or --all only those not replayed before.
    """
    if bool(places) + (reason is not None) + everything != 1:
        raise typer.BadParameter("say which letters: PLACE…, or --reason REASON, or --all")
    settings = load_settings()
    log = DeadLetterReader(settings.kafka_bootstrap)
    chosen = (log.find(place) for place in places) if places else _of_reason(log.letters(), reason)
    with _database() as engine:
        done = {} if places or again else _replayed(engine)
        sent = skipped = 0
        replayer = Replayer(settings.kafka_bootstrap)
        for buried in chosen:
            if subject(buried.place) in done:
                skipped += 1
                continue
            _replay(engine, replayer, buried, actor)
            sent += 1
    print(f"{sent} replayed" + (f", {skipped} replayed before (--again sends them too)" if skipped else ""))


def _replay(engine: Engine, replayer: Replayer, buried: StoredDeadLetter, actor: str) -> None:
    record = replayer.replay(buried.letter)
    with transaction(engine) as session:
        detail = {"topic": record.topic, "key": readable(record.key), "reason": buried.letter.reason.value}
        audit.record(session, actor=actor, action=REPLAYED, subject=subject(buried.place), detail=detail)
    print(f"{buried.place} -> {record.topic} key {readable(record.key)}")


def _of_reason(
    letters: Iterable[StoredDeadLetter], reason: DeadLetterReason | None
) -> Iterator[StoredDeadLetter]:
    return (buried for buried in letters if reason is None or buried.letter.reason is reason)


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
