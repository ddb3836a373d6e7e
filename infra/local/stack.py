"""The local stack: starts servers, creates topics, buckets and tables, then starts the workers."""

import os
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from infra.buckets import create_buckets
from infra.local.credentials import Credentials, load_or_create_credentials
from infra.local.folder_lock import FolderLock
from infra.local.kafka import KafkaServer
from infra.local.ports import HOST, Ports
from infra.local.postgres import PostgresServer
from infra.local.seaweedfs import EVIDENCE_BUCKET, MEDIA_BUCKET, SeaweedServer
from infra.local.state_file import remove_state, write_state
from infra.local.supervised_service import SupervisedService
from infra.local.supervisor import Supervisor
from infra.local.worker import Worker, WorkerSpec
from infra.topics import declare_topics
from schemas.topics import TOPICS, Topic
from storage.access import Access
from storage.migrate import upgrade
from storage.roles import Role, apply_roles, role_name

SERVERS_SECONDS = 240.0  # the first start downloads Kafka's jars, 44 MB
WORKERS_SECONDS = 180.0  # enough to load a model on a busy machine


@dataclass(frozen=True)
class Endpoints:
    """Addresses and credentials of the servers, named as in ``pipeline.settings``."""

    kafka_bootstrap: str
    s3_endpoint: str
    s3_access_key: str
    s3_secret_key: str
    platform_s3_access_key: str
    platform_s3_secret_key: str
    database_url: str


def _ignore_ready(_name: str, _seconds: float) -> None:
    """Do nothing."""


def _no_settings(_folder: Path) -> Mapping[str, Any]:
    return {}


class LocalStack:
    """Servers and workers on one data folder, from :meth:`start` to :meth:`stop`; also a context manager.

    Without ``servers``, only the workers run; their environment names the external services.
    ``make_settings`` returns further settings of the data folder, which go into ``stack.json`` with the
    servers' addresses; it is called before the workers start, by one process at a time.
    """

    def __init__(
        self,
        folder: Path,
        workers: Sequence[WorkerSpec] = (),
        on_ready: Callable[[str, float], None] = _ignore_ready,
        *,
        servers: bool = True,
        topics: Iterable[Topic] = TOPICS,
        make_settings: Callable[[Path], Mapping[str, Any]] = _no_settings,
    ) -> None:
        self.folder = folder.absolute()
        self._specs = workers
        self._with_servers = servers
        self._on_ready = on_ready
        self._topics = tuple(topics)
        self._make_settings = make_settings
        self._settings: Mapping[str, Any] = {}
        self._lock = FolderLock(self.folder)
        self._ports = Ports(self.folder / "ports.json")
        self._worker_urls: dict[str, str] = {}
        self._worker_keys: dict[str, dict[str, str]] = {}  # environment variables of each
        self._writing = threading.Lock()
        self._endpoints: Endpoints | None = None
        self._servers: Supervisor | None = None
        self._workers: Supervisor | None = None

    @property
    def endpoints(self) -> Endpoints:
        """Addresses and credentials of the started servers."""
        if self._endpoints is None:
            raise RuntimeError("the local stack has no servers, or is not started")
        return self._endpoints

    @property
    def worker_urls(self) -> dict[str, str]:
        """URLs of the workers with a public port, by name."""
        return dict(self._worker_urls)

    def start(self) -> None:
        """Start everything and return when all is ready; on a failure, stop what was started.

        :raises AlreadyRunningError: another process supervises this folder.
        :raises InfraError: a server or worker does not start; the message has the end of its log.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        self._lock.acquire()
        try:
            (self.folder / "logs").mkdir(exist_ok=True)
            if self._with_servers:
                self._start_servers()
            self._start_workers()
        except BaseException:  # also after Ctrl-C, nothing may be left running
            self.stop()
            raise

    def stop(self) -> None:
        """Stop the workers, then the servers; return when all processes have exited."""
        for group in (self._workers, self._servers):
            if group is not None:
                group.stop()
        self._workers = self._servers = self._endpoints = None
        remove_state(self.folder)
        self._lock.release()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _start_servers(self) -> None:
        self._settings = self._make_settings(self.folder)
        credentials = load_or_create_credentials(self.folder / "credentials.json")
        ports = self._ports
        kafka = KafkaServer(
            self.folder / "kafka", port=ports.of("kafka"), controller_port=ports.of("kafka-controller")
        )
        weed_ports = {
            role: ports.of(f"seaweedfs-{role}", with_paired_port=True)
            for role in ("master", "volume", "filer", "s3")
        }
        workers = {spec.name: spec.access for spec in self._specs if spec.access is not None}
        weed = SeaweedServer(
            self.folder / "seaweedfs", ports=weed_ports, credentials=credentials, workers=workers
        )
        postgres = PostgresServer(
            self.folder / "postgres", port=ports.of("postgres"), credentials=credentials
        )
        self._servers = Supervisor((kafka, weed, postgres), self.folder / "logs", self._publish)
        self._servers.start(SERVERS_SECONDS, self._on_ready)
        admin = credentials.s3_admin
        with ThreadPoolExecutor(3) as threads:
            steps: list[Future[Any]] = [
                threads.submit(declare_topics, kafka.bootstrap, self._topics),
                threads.submit(
                    create_buckets, weed.endpoint, admin.access, admin.secret, (MEDIA_BUCKET, EVIDENCE_BUCKET)
                ),
                threads.submit(_make_tables, postgres, credentials, workers),
            ]
        for step in steps:
            step.result()
        self._endpoints = Endpoints(
            kafka_bootstrap=kafka.bootstrap,
            s3_endpoint=weed.endpoint,
            s3_access_key=credentials.s3_fakeme.access,
            s3_secret_key=credentials.s3_fakeme.secret,
            platform_s3_access_key=credentials.s3_platform.access,
            platform_s3_secret_key=credentials.s3_platform.secret,
            database_url=postgres.database_url,
        )
        self._worker_keys = {name: _worker_keys(name, postgres, credentials) for name in workers}
        self._publish()

    def _start_workers(self) -> None:
        workers = [self._worker(spec) for spec in self._specs]
        self._workers = Supervisor(workers, self.folder / "logs", self._publish)
        self._workers.start(WORKERS_SECONDS, self._on_ready)
        self._publish()

    def _worker(self, spec: WorkerSpec) -> Worker:
        env = {"FAKEME_HOME": str(self.folder), **self._worker_keys.get(spec.name, {})}
        if spec.public_port_variable is not None:
            port = self._ports.of(f"{spec.name}-public")
            env[spec.public_port_variable] = str(port)
            self._worker_urls[spec.name] = f"http://{HOST}:{port}"
        return Worker(spec, Path.cwd(), health_port=self._ports.of(f"{spec.name}-health"), env=env)

    def _publish(self) -> None:
        """Write ``stack.json`` when all servers are ready, and again after every restart."""
        with self._writing:
            if self._endpoints is None and self._with_servers:
                return
            servers = self._servers.services if self._servers else []
            workers = self._workers.services if self._workers else []
            write_state(
                self.folder,
                {
                    **(asdict(self._endpoints) if self._endpoints else {}),
                    **self._settings,
                    **{f"{name}_url": url for name, url in self._worker_urls.items()},
                    "supervisor_pid": os.getpid(),
                    "servers": {supervised.service.name: _describe(supervised) for supervised in servers},
                    "workers": {supervised.service.name: _describe(supervised) for supervised in workers},
                },
            )


def _describe(supervised: SupervisedService) -> dict[str, Any]:
    described: dict[str, Any] = {"pid": supervised.pid, "restarts": supervised.restarts}
    if isinstance(supervised.service, Worker):
        described["health_port"] = supervised.service.health_port
    return described


def _make_tables(postgres: PostgresServer, credentials: Credentials, workers: Mapping[str, Access]) -> None:
    postgres.provision()
    upgrade(postgres.database_url)
    roles = [
        Role(role_name(worker), credentials.worker_password(worker), access.tables)
        for worker, access in workers.items()
    ]
    apply_roles(postgres.database_url, roles)


def _worker_keys(worker: str, postgres: PostgresServer, credentials: Credentials) -> dict[str, str]:
    """Return the environment variables that replace the operators' keys of ``stack.json``."""
    key = credentials.worker_key(worker)
    return {
        "FAKEME_DATABASE_URL": postgres.worker_url(worker),
        "FAKEME_S3_ACCESS_KEY": key.access,
        "FAKEME_S3_SECRET_KEY": key.secret,
    }
