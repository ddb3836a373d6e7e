"""Each worker's database role can do what the worker declares, and nothing else."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import psycopg2
import psycopg2.errors
import pytest
from sqlalchemy import make_url, text

from pipeline.producers.outbox_relay.pruning import retentions
from pipeline.settings import RetentionSettings
from pipeline.workers import WORKERS
from storage.access import DELETE, INSERT, SELECT, UPDATE, Access
from storage.database import connect, transaction
from storage.errors import RolesError
from storage.roles import Role, apply_roles
from storage.tables import Base

TABLES = sorted(Base.metadata.tables)
PRIVILEGES = (SELECT, INSERT, UPDATE, DELETE)


@pytest.fixture(scope="module")
def make_role(database_url: str) -> Iterator[Callable[[Access], str]]:
    """``make_role(access)`` creates a role and returns the URL of the database for it."""
    made = []

    def make(access: Access) -> str:
        name, password = f"fakeme_test_{secrets.token_hex(4)}", secrets.token_hex(8)
        apply_roles(database_url, [Role(name, password, access.tables)])
        made.append(name)
        return make_url(database_url).set(username=name, password=password).render_as_string(False)

    yield make
    apply_roles(database_url, [Role(name, "none", {}) for name in made])  # a role with privileges stays
    with transaction(connect(database_url)) as session:
        for name in made:
            session.execute(text(f"DROP ROLE {name}"))


@pytest.mark.parametrize("name", WORKERS)
def test_role_has_exactly_the_declared_privileges(
    name: str, make_role: Callable[[Access], str], database_url: str
) -> None:
    access = WORKERS[name].access
    role = make_url(make_role(access)).username
    with transaction(connect(database_url)) as session:
        granted = {
            table: {
                privilege
                for privilege in PRIVILEGES
                if session.scalar(
                    text("SELECT has_table_privilege(:role, :table, :privilege)"),
                    {"role": role, "table": table, "privilege": privilege},
                )
            }
            for table in TABLES
        }

    declared = {table: set(privileges) & set(PRIVILEGES) for table, privileges in access.tables.items()}
    assert {table: found for table, found in granted.items() if found} == declared


def test_privileges_that_are_no_longer_declared_are_revoked(
    make_role: Callable[[Access], str], database_url: str
) -> None:
    url = make_url(make_role(Access(tables={"posts": (SELECT, INSERT), "api_keys": (f"{UPDATE} (owner)",)})))
    fewer = Role(str(url.username), "another", {"posts": (SELECT,)})
    apply_roles(database_url, [fewer])
    apply_roles(database_url, [fewer])  # and again changes nothing

    with transaction(connect(url.set(password="another").render_as_string(False))) as session:
        assert session.scalar(text("SELECT count(*) FROM posts")) == 0
    for statement in ("INSERT INTO posts VALUES ('p', 'a', '{}')", "UPDATE api_keys SET owner = 'me'"):
        with (
            cursor_of(url.set(password="another").render_as_string(False)) as cursor,
            pytest.raises(psycopg2.errors.InsufficientPrivilege),
        ):
            cursor.execute(statement)


def test_gateway_may_record_the_use_of_a_key_but_not_make_or_change_one(
    make_role: Callable[[Access], str],
) -> None:
    url = make_role(WORKERS["gateway"].access)
    with cursor_of(url) as cursor:
        cursor.execute("UPDATE api_keys SET last_used_at = now() WHERE key_id = 'none'")
    for statement in ("UPDATE api_keys SET scopes = '{all-posts}'", "DELETE FROM api_keys"):
        with cursor_of(url) as cursor, pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cursor.execute(statement)


def test_role_may_not_create_tables_roles_or_databases(make_role: Callable[[Access], str]) -> None:
    url = make_role(WORKERS["moderation"].access)
    for statement in ("CREATE TABLE mine (n int)", "CREATE ROLE mine", "CREATE DATABASE mine"):
        with cursor_of(url) as cursor, pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cursor.execute(statement)


def test_a_role_cannot_make_roles(make_role: Callable[[Access], str]) -> None:
    with pytest.raises(
        RolesError, match=r"may not manage roles \(permission denied to create role\): .*CREATEROLE"
    ):
        apply_roles(make_role(Access()), [Role("fakeme_never", "x", {})])


def test_an_unknown_table_is_named_and_no_role_is_left(database_url: str) -> None:
    with pytest.raises(RolesError, match='relation "no_such_table" does not exist; migrate first'):
        apply_roles(database_url, [Role("fakeme_never", "x", {"no_such_table": (SELECT,)})])
    with transaction(connect(database_url)) as session:
        assert session.scalar(text("SELECT count(*) FROM pg_roles WHERE rolname = 'fakeme_never'")) == 0


def test_relay_may_prune_every_table_with_a_retention() -> None:
    everything = RetentionSettings(
        **{name: 31 for name in RetentionSettings.model_fields if name.endswith("_days")}
    )

    for table in retentions(everything):
        assert set(WORKERS["relay"].access.tables[table]) >= {SELECT, UPDATE, DELETE}


@contextmanager
def cursor_of(url: str) -> Iterator["psycopg2.extensions.cursor"]:
    """Open a connection that commits each statement."""
    connection = psycopg2.connect(make_url(url).set(drivername="postgresql").render_as_string(False))
    connection.autocommit = True
    with closing(connection), connection.cursor() as cursor:
        yield cursor
