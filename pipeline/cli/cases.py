"""`fakeme cases`: the moderators' queue."""

import json
from datetime import timedelta
from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console

from pipeline.cli.case_view import (
    CaseHistory,
    case_document,
    history_document,
    history_view,
    queue_table,
)
from pipeline.cli.database_session import database_session
from pipeline.settings import load_settings
from schemas.moderation import CaseState, DecisionKind
from storage import audit, cases, decisions, leases
from storage.database import transaction_time

UNDECIDED = [CaseState.OPEN, CaseState.ESCALATED, CaseState.CLAIMED]

commands = typer.Typer(help="List, show, claim and decide cases.", no_args_is_help=True)


def _moderator_name(moderator: str) -> str:
    if not moderator.strip() or len(moderator) > 128:
        raise typer.BadParameter("a moderator's name has 1 to 128 characters")
    return moderator.strip()


CaseId = Annotated[UUID, typer.Argument(metavar="CASE", help="Case id, as shown by `fakeme cases list`.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Moderator = Annotated[
    str,
    typer.Option(
        "--as", envvar="USER", callback=_moderator_name, help="Name of the moderator.", metavar="NAME"
    ),
]


@commands.command(name="list")
def list_cases(
    state: Annotated[
        list[CaseState] | None, typer.Option(help="Only cases in this state; repeatable.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Maximum number of cases.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List cases, most urgent first; by default those that are not decided."""
    with database_session("cases") as session:
        queue = cases.queue(session, state or UNDECIDED, limit)
        now = transaction_time(session)
    if as_json:
        print(json.dumps([case_document(case, now) for case in queue], indent=2))
    else:
        Console().print(queue_table(queue, now) if queue else "There are no cases.")


@commands.command()
def show(case_id: CaseId, as_json: AsJson = False) -> None:
    """Show a case with its signals, decisions and history."""
    with database_session("cases") as session:
        case = cases.find(session, case_id)
        history = CaseHistory(
            case,
            cases.signals(session, case_id),
            decisions.of_case(session, case_id),
            audit.entries(session, f"case:{case_id}"),
            transaction_time(session),
        )
    if as_json:
        print(json.dumps(history_document(history), indent=2))
    else:
        Console().print(history_view(history))


@commands.command()
def claim(
    moderator: Moderator,
    case_id: Annotated[
        UUID | None, typer.Argument(metavar="[CASE]", help="Case id; default: the most urgent case.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Claim the most urgent case, or a given one, until the lease ends."""
    settings = load_settings()
    lease = timedelta(seconds=settings.moderation.lease_seconds)
    with database_session("cases") as session:
        if case_id is None:
            case = leases.claim_next(session, moderator, lease, source=settings.source)
        else:
            case = leases.claim(session, case_id, moderator, lease, source=settings.source)
        now = transaction_time(session)
    if as_json:
        print(json.dumps(case and case_document(case, now), indent=2))
    elif case is None:
        print("There is no case to claim.")
    else:
        print(f"{case.case_id} (post {case.post_id}) is claimed by {moderator} until {case.leased_until}.")


@commands.command()
def decide(
    case_id: CaseId,
    decision: Annotated[
        DecisionKind, typer.Argument(help="Your decision; escalate passes the case on to others.")
    ],
    moderator: Moderator,
    note: Annotated[str, typer.Option(help="Reason for the decision.")] = "",
    as_json: AsJson = False,
) -> None:
    """Decide a case that you claimed; the tag of its post is updated."""
    settings = load_settings()
    with database_session("cases") as session:
        record = decisions.decide(session, case_id, moderator, decision, note, source=settings.source)
    if as_json:
        print(record.model_dump_json(indent=2))
    else:
        print(f"{record.case_id} (post {record.post_id}): {record.decision}, by {record.moderator}.")


@commands.command()
def release(case_id: CaseId, moderator: Moderator, as_json: AsJson = False) -> None:
    """Release a claimed case without a decision."""
    settings = load_settings()
    with database_session("cases") as session:
        case = leases.release(session, case_id, moderator, source=settings.source)
        now = transaction_time(session)
    if as_json:
        print(json.dumps(case_document(case, now), indent=2))
    else:
        print(f"{case.case_id} (post {case.post_id}) is {case.state} again.")
