"""A transaction of the configured database for one command."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pipeline.errors import ServiceUnreachableError
from pipeline.settings import load_settings

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


@contextmanager
def database_session(command: str, *, patient: bool = False) -> Iterator["Session"]:
    """Open a transaction, and commit it at the end. ``patient``: a statement may take as long as it takes.

    ``command`` is shown in ``pg_stat_activity``. Raise :class:`~pipeline.errors.ServiceUnreachableError` if
    the database does not answer.
    """
    from storage.database import STATEMENT_TIMEOUT_MS, connect, transaction  # noqa: PLC0415 - slow to import
    from storage.errors import UnavailableError  # noqa: PLC0415 - likewise

    engine = connect(
        load_settings().database_url.get_secret_value(),
        application=f"fakeme-{command}",
        statement_timeout_ms=0 if patient else STATEMENT_TIMEOUT_MS,
    )
    try:
        with transaction(engine) as session:
            yield session
    except UnavailableError as error:
        raise ServiceUnreachableError(
            f"{error}: check with `fakeme status` that PostgreSQL is running"
        ) from error
    finally:
        engine.dispose()
