"""PostgreSQL roles of workers: each may log in and has exactly the privileges that its worker declares."""

from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass

import psycopg2
import psycopg2.errors
from psycopg2 import sql
from psycopg2.extensions import connection, cursor, encrypt_password

from storage.database import connection_options, driver_url
from storage.errors import DatabaseUnavailableError, RolesError

_LOCK = 0x726F6C6573  # "roles"; concurrent set-ups would fail on each other's rows of the catalogue


@dataclass(frozen=True)
class Role:
    """A role to create or update, with its privileges by table; see :class:`storage.access.Access`."""

    name: str
    password: str
    tables: Mapping[str, tuple[str, ...]]


def role_name(worker: str) -> str:
    """Return the name of a worker's role."""
    return "fakeme_" + worker.replace("-", "_")


def apply_roles(database_url: str, roles: Iterable[Role]) -> None:
    """Create missing roles, set their passwords, and make their privileges those given; idempotent.

    ``database_url`` must name the owner of the tables, who must be allowed to create roles. Privileges that
    are not listed are revoked. All changes are one transaction.

    :raises RolesError: the owner may not create roles, or a table does not exist.
    """
    try:
        with closing(_connect(database_url)) as session, session, session.cursor() as statements:
            statements.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
            for role in roles:
                _apply(statements, role)
    except psycopg2.errors.InsufficientPrivilege as error:
        raise RolesError(
            f"{driver_url(database_url).username} may not manage roles ({_first_line(error)}): "
            "let it own the tables and give it CREATEROLE"
        ) from error
    except psycopg2.errors.UndefinedTable as error:
        raise RolesError(f"privileges cannot be granted: {_first_line(error)}; migrate first") from error


def _connect(database_url: str) -> connection:
    url = driver_url(database_url).set(drivername="postgresql")
    try:
        return psycopg2.connect(  # type: ignore[no-any-return]  # the stubs lose the type with **
            url.render_as_string(hide_password=False), **connection_options("fakeme-roles")
        )
    except psycopg2.OperationalError as error:
        raise DatabaseUnavailableError(f"the database is unavailable: {_first_line(error)}") from error


def _first_line(error: psycopg2.Error) -> str:
    return str(error).strip().partition("\n")[0]


def _apply(statements: cursor, role: Role) -> None:
    name = sql.Identifier(role.name)
    statements.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role.name,))
    if statements.fetchone() is None:
        statements.execute(sql.SQL("CREATE ROLE {}").format(name))
    # The server gets and logs only the hash.
    secret = encrypt_password(role.password, role.name, statements, "scram-sha-256")
    statements.execute(sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}").format(name, sql.Literal(secret)))
    statements.execute(sql.SQL("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {}").format(name))
    for table, privileges in role.tables.items():
        statements.execute(
            sql.SQL("GRANT {} ON {} TO {}").format(
                sql.SQL(", ".join(privileges)), sql.Identifier(table), name
            )
        )
