"""`fakeme api-keys`: manage the API keys of the HTTP gateway."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipeline.cli.database_session import database_session
from pipeline.errors import PipelineError

if TYPE_CHECKING:
    from storage.api_keys import Scope
    from storage.tables import ApiKey

commands = typer.Typer(help="Create, list and revoke API keys of the HTTP gateway.", no_args_is_help=True)

_AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


class ApiKeyUnknownError(PipelineError):
    """There is no API key with the given id."""


class OptionInvalidError(PipelineError):
    """An option of the command has a value that it cannot have; the message names both."""


@commands.command()
def create(
    owner: Annotated[
        str, typer.Argument(help="The tenant that the key acts for; keys of one owner see the same posts.")
    ],
    scope: Annotated[
        list[str] | None,
        typer.Option(
            help="What the key allows: publish, report (and appeal), read, or all-posts (also posts of other "
            "tenants, and those that came by Kafka). Repeatable. Default: publish, report and read.",
            show_default=False,
        ),
    ] = None,
    expires: Annotated[
        str | None,
        typer.Option(help="When the key expires: in days, such as 90d, or a date, such as 2027-01-31 (UTC)."),
    ] = None,
    as_json: _AsJson = False,
) -> None:
    """Create a key and show it. It cannot be shown again."""
    from storage import api_keys  # noqa: PLC0415 - SQLAlchemy is slow to import

    scopes = [_scope(name) for name in scope] if scope else api_keys.TENANT_SCOPES
    expires_at = expiry(expires, datetime.now(UTC)) if expires else None
    with database_session("api-keys") as session:
        issued = api_keys.issue(session, owner, scopes=scopes, expires_at=expires_at)
    if as_json:
        document = {
            "key_id": issued.key_id,
            "owner": owner,
            "scopes": scopes,
            "expires_at": _time(expires_at),
        }
        print(json.dumps({**document, "token": issued.token}))
        return
    print(issued.token)
    Console(stderr=True).print(
        f"Key {issued.key_id} of {escape(owner)}. Store it now: only its hash is kept, so it cannot be shown "
        "again.\nSend it as `Authorization: Bearer fk_…`.",
        soft_wrap=True,
    )


@commands.command("list")
def list_keys(as_json: _AsJson = False) -> None:
    """List all keys, without their secrets."""
    from storage import api_keys  # noqa: PLC0415 - SQLAlchemy is slow to import

    with database_session("api-keys") as session:
        rows = [_key_document(key) for key in api_keys.list_keys(session)]
    if as_json:
        print(json.dumps(rows, indent=2))
        return
    table = Table("key", "owner", "scopes", "created", "expires", "last used", "revoked")
    for row in rows:
        times = (row[name] or "" for name in ("created_at", "expires_at", "last_used_at", "revoked_at"))
        table.add_row(row["key_id"], escape(row["owner"]), " ".join(row["scopes"]), *times)
    Console().print(table)


@commands.command()
def revoke(
    key_id: Annotated[str, typer.Argument(help="Key id, as shown by `fakeme api-keys list`.")],
) -> None:
    """Revoke a key."""
    from storage import api_keys  # noqa: PLC0415 - SQLAlchemy is slow to import

    with database_session("api-keys") as session:
        if not api_keys.revoke(session, key_id):
            raise ApiKeyUnknownError(f"there is no API key {key_id!r}: `fakeme api-keys list` shows all keys")
    print(f"{key_id} is revoked")


def expiry(text: str, now: datetime) -> datetime:
    """Return the time that ``text`` means: a number of days from ``now`` (``90d``), or a date at 00:00 UTC.

    Raise :class:`OptionInvalidError` for anything else.
    """
    days = re.fullmatch(r"([1-9][0-9]{0,4})d", text)
    if days:
        return now + timedelta(days=int(days[1]))
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError as error:
        raise OptionInvalidError(
            f"--expires is {text!a}: give days, such as 90d, or a date, such as 2027-01-31"
        ) from error


def _scope(name: str) -> "Scope":
    from storage.api_keys import Scope  # noqa: PLC0415 - SQLAlchemy is slow to import

    if name not in list(Scope):
        raise OptionInvalidError(f"--scope is {name!a}: the scopes are {', '.join(Scope)}")
    return Scope(name)


def _key_document(key: "ApiKey") -> dict[str, Any]:
    return {
        "key_id": key.key_id,
        "owner": key.owner,
        "scopes": key.scopes,
        "created_at": _time(key.created_at),
        "expires_at": _time(key.expires_at),
        "last_used_at": _time(key.last_used_at),
        "revoked_at": _time(key.revoked_at),
    }


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds")
