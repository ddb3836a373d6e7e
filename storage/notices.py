"""Waiting for PostgreSQL's notices (LISTEN), so that nobody has to ask again and again."""

import select
import time
from types import TracebackType
from typing import Self

import psycopg2
import psycopg2.extensions
import psycopg2.sql

from storage.database import CONNECT_TIMEOUT_SECONDS, driver_url
from storage.errors import DatabaseUnavailableError


class Listener:
    """Hears what is notified on one channel, on a connection of its own; for one thread.

    A notice can be lost while the connection is down: look at the table once after connecting,
    and again after every wait that ended without a notice.
    """

    def __init__(self, database_url: str, channel: str) -> None:
        url = driver_url(database_url).set(drivername="postgresql")
        try:
            self._connection = psycopg2.connect(
                url.render_as_string(hide_password=False),
                connect_timeout=CONNECT_TIMEOUT_SECONDS,
                application_name=f"fakeme-listen-{channel}",
            )
            self._connection.set_isolation_level(psycopg2.extensions.ISOLATION_LEVEL_AUTOCOMMIT)
            with self._connection.cursor() as cursor:
                cursor.execute(psycopg2.sql.SQL("LISTEN {}").format(psycopg2.sql.Identifier(channel)))
        except psycopg2.OperationalError as error:
            raise DatabaseUnavailableError(f"cannot listen on {channel}: {error}") from error

    def wait(self, timeout: float) -> list[str]:
        """The payloads that came, in order, as soon as there is one; empty after ``timeout`` seconds.

        Raises :class:`DatabaseUnavailableError` when the connection is lost; make another listener then.
        """
        deadline = time.monotonic() + timeout
        try:
            while not self._connection.notifies:  # the server may have something else to say
                if not select.select([self._connection], [], [], max(0.0, deadline - time.monotonic()))[0]:
                    return []
                self._connection.poll()
        except (psycopg2.OperationalError, psycopg2.InterfaceError) as error:
            raise DatabaseUnavailableError(f"the connection that listens was lost: {error}") from error
        payloads = [notice.payload for notice in self._connection.notifies]
        self._connection.notifies.clear()
        return payloads

    def close(self) -> None:
        """Listen no more."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
