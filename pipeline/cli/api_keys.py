"""`fakeme api-keys`: who may use the HTTP gateway."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from pipeline.errors import PipelineError, ServiceUnreachableError
from pipeline.settings import load_settings

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from storage.tables import ApiKey

commands = typer.Typer(help="Make, list and revoke keys of the HTTP gateway.", no_args_is_help=True)

_AsJson = Annotated[bool, typer.Option("--json", help="JSON instead of text.")]


class ApiKeyUnknownError(PipelineError):
    """There is no API key of that id."""


@commands.command()
def create(
    owner: Annotated[str, typer.Argument(help="The name under which requests with the key are known.")],
    as_json: _AsJson = False,
) -> None:
    """Make a key and show it, this once."""
    from storage import api_keys  # noqa: PLC0415 - SQLAlchemy; start-up stays light

    with _session() as session:
        issued = api_keys.issue(session, owner)
    if as_json:
        print(json.dumps({"key_id": issued.key_id, "owner": owner, "token": issued.token}))
        return
    print(issued.token)
    Console(stderr=True).print(
        f"Key {issued.key_id} of {owner}. Keep it now: only its hash is stored, it cannot be shown again.\n"
        "Send it as `Authorization: Bearer fk_…`.",
        soft_wrap=True,
    )


@commands.command("list")
def list_keys(as_json: _AsJson = False) -> None:
    """Show all keys, without their secrets."""
    from storage import api_keys  # noqa: PLC0415 - SQLAlchemy; start-up stays light

    with _session() as session:
        rows = [_shown(key) for key in api_keys.list_keys(session)]
    if as_json:
        print(json.dumps(rows, indent=2))
        return
    table = Table("key", "owner", "created", "revoked")
    for row in rows:
        table.add_row(row["key_id"], row["owner"], row["created_at"], row["revoked_at"] or "")
    Console().print(table)


@commands.command()
def revoke(key_id: Annotated[str, typer.Argument(help="As `fakeme api-keys list` shows it.")]) -> None:
    """Refuse a key from now on."""
    from storage import api_keys  # noqa: PLC0415 - SQLAlchemy; start-up stays light

    with _session() as session:
        if not api_keys.revoke(session, key_id):
            raise ApiKeyUnknownError(f"there is no API key {key_id!r}: `fakeme api-keys list` shows all")
    print(f"{key_id} is revoked")


def _shown(key: "ApiKey") -> dict[str, str | None]:
    return {
        "key_id": key.key_id,
        "owner": key.owner,
        "created_at": key.created_at.isoformat(timespec="seconds"),
        "revoked_at": key.revoked_at.isoformat(timespec="seconds") if key.revoked_at else None,
    }


@contextmanager
def _session() -> Iterator["Session"]:
    from storage.database import connect, transaction  # noqa: PLC0415 - SQLAlchemy; start-up stays light
    from storage.errors import UnavailableError  # noqa: PLC0415 - likewise

    engine = connect(load_settings().database_url.get_secret_value(), application="fakeme-api-keys")
    try:
        with transaction(engine) as session:
            yield session
    except UnavailableError as error:
        raise ServiceUnreachableError(f"{error}: `fakeme status` shows whether PostgreSQL runs") from error
    finally:
        engine.dispose()
