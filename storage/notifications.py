"""Waits for PostgreSQL notifications (LISTEN/NOTIFY) instead of polling."""

import select
import time
from types import TracebackType
from typing import Self

import psycopg2
import psycopg2.extensions
import psycopg2.sql

from storage.database import connection_options, driver_url
from storage.errors import DatabaseUnavailableError


class Listener:
    """Listens on one channel with its own connection; for use by one thread.

    Notifications are lost while the connection is down: read the table once after connecting, and again after
    every wait that returned nothing.
    """

    def __init__(self, database_url: str, channel: str) -> None:
        url = driver_url(database_url).set(drivername="postgresql")
        try:
            self._connection = psycopg2.connect(
                url.render_as_string(hide_password=False),
                **connection_options(f"fakeme-listen-{channel}"),
            )
            self._connection.set_isolation_level(psycopg2.extensions.ISOLATION_LEVEL_AUTOCOMMIT)
            with self._connection.cursor() as cursor:
                cursor.execute(psycopg2.sql.SQL("LISTEN {}").format(psycopg2.sql.Identifier(channel)))
        except psycopg2.OperationalError as error:
            raise DatabaseUnavailableError(f"cannot listen on {channel}: {error}") from error

    def wait(self, timeout: float) -> list[str]:
        """Return the received payloads, in order, as soon as there is one; empty after ``timeout`` seconds.

        Raise :class:`DatabaseUnavailableError` if the connection is lost; create a new listener then.
        """
        deadline = time.monotonic() + timeout
        try:
            while not self._connection.notifies:  # the server may send other messages
                if not select.select([self._connection], [], [], max(0.0, deadline - time.monotonic()))[0]:
                    return []
                self._connection.poll()
        except (psycopg2.OperationalError, psycopg2.InterfaceError) as error:
            raise DatabaseUnavailableError(f"the listening connection was lost: {error}") from error
        payloads = [notification.payload for notification in self._connection.notifies]
        self._connection.notifies.clear()
        return payloads

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
