"""`fakeme api-keys`: manage the API keys of the HTTP gateway."""

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

commands = typer.Typer(help="Create, list and revoke API keys of the HTTP gateway.", no_args_is_help=True)

_AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


class ApiKeyUnknownError(PipelineError):
    """There is no API key with the given id."""


@commands.command()
def create(
    owner: Annotated[str, typer.Argument(help="The name under which requests with the key are logged.")],
    as_json: _AsJson = False,
) -> None:
    """Create a key and show it. It cannot be shown again."""
    from storage import api_keys  # noqa: PLC0415 - SQLAlchemy is slow to import

    with _session() as session:
        issued = api_keys.issue(session, owner)
    if as_json:
        print(json.dumps({"key_id": issued.key_id, "owner": owner, "token": issued.token}))
        return
    print(issued.token)
    Console(stderr=True).print(
        f"Key {issued.key_id} of {owner}. Store it now: only its hash is kept, so it cannot be shown again.\n"
        "Send it as `Authorization: Bearer fk_…`.",
        soft_wrap=True,
    )


@commands.command("list")
def list_keys(as_json: _AsJson = False) -> None:
    """List all keys, without their secrets."""
    from storage import api_keys  # noqa: PLC0415 - SQLAlchemy is slow to import

    with _session() as session:
        rows = [_key_document(key) for key in api_keys.list_keys(session)]
    if as_json:
        print(json.dumps(rows, indent=2))
        return
    table = Table("key", "owner", "created", "revoked")
    for row in rows:
        table.add_row(row["key_id"], row["owner"], row["created_at"], row["revoked_at"] or "")
    Console().print(table)


@commands.command()
def revoke(
    key_id: Annotated[str, typer.Argument(help="Key id, as shown by `fakeme api-keys list`.")],
) -> None:
    """Revoke a key."""
    from storage import api_keys  # noqa: PLC0415 - SQLAlchemy is slow to import

    with _session() as session:
        if not api_keys.revoke(session, key_id):
            raise ApiKeyUnknownError(f"there is no API key {key_id!r}: `fakeme api-keys list` shows all keys")
    print(f"{key_id} is revoked")


def _key_document(key: "ApiKey") -> dict[str, str | None]:
    return {
        "key_id": key.key_id,
        "owner": key.owner,
        "created_at": key.created_at.isoformat(timespec="seconds"),
        "revoked_at": key.revoked_at.isoformat(timespec="seconds") if key.revoked_at else None,
    }


@contextmanager
def _session() -> Iterator["Session"]:
    from storage.database import connect, transaction  # noqa: PLC0415 - SQLAlchemy is slow to import
    from storage.errors import UnavailableError  # noqa: PLC0415 - likewise

    engine = connect(load_settings().database_url.get_secret_value(), application="fakeme-api-keys")
    try:
        with transaction(engine) as session:
            yield session
    except UnavailableError as error:
        raise ServiceUnreachableError(
            f"{error}: check with `fakeme status` that PostgreSQL is running"
        ) from error
    finally:
        engine.dispose()
