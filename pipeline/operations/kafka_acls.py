"""Kafka ACLs with which each worker and the platform may read and write their own topics only.

Derived from the workers' descriptions and :mod:`schemas.flow`. A principal needs ``Read`` on its consumer
group and topics, and ``Write`` on the topics that it writes. Both imply ``Describe``, and an idempotent
producer needs no more since Kafka 2.8 (KIP-679).
"""

import shlex
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from pipeline.runtime.worker import WorkerDescription
from schemas.flow import FLOWS, Party
from schemas.topics import Topic

PLATFORM = "platform"  # its principal, and the prefix of its consumer groups


@dataclass(frozen=True)
class Acl:
    """One permission: ``operation`` (Read or Write) on a topic, or on the group or groups of this name."""

    principal: str
    operation: str
    resource: str  # topic or group
    name: str
    prefixed: bool = False  # all names that start with ``name``

    def arguments(self) -> list[str]:
        """Return the arguments of Kafka's ``kafka-acls.sh`` that add it."""
        pattern = ["--resource-pattern-type", "prefixed"] if self.prefixed else []
        return [
            "--add",
            "--allow-principal",
            f"User:{self.principal}",
            "--operation",
            self.operation,
            f"--{self.resource}",
            self.name,
            *pattern,
        ]


def kafka_acls(workers: Collection[WorkerDescription]) -> list[Acl]:
    """Return the permissions of the workers and of the platform; whatever is not listed must be denied."""
    return [acl for worker in workers for acl in _of_worker(worker)] + list(_of_platform())


def command_line(acl: Acl, bootstrap: str, command_config: str) -> str:
    """Return the command that adds ``acl``; ``command_config`` is an administrator's client configuration."""
    connection = ["--bootstrap-server", bootstrap, "--command-config", command_config]
    return shlex.join(["kafka-acls.sh", *connection, *acl.arguments()])


def _of_worker(worker: WorkerDescription) -> Iterator[Acl]:
    principal = worker.consumer_group
    if worker.subscriptions:
        yield Acl(principal, "Read", "group", worker.consumer_group)
    yield from _topics(principal, "Read", worker.read_topics)
    yield from _topics(principal, "Write", worker.written_topics)


def _of_platform() -> Iterator[Acl]:
    yield Acl(PLATFORM, "Read", "group", PLATFORM, prefixed=True)
    yield from _topics(PLATFORM, "Read", (flow.topic for flow in FLOWS if Party.PLATFORM in flow.readers))
    yield from _topics(PLATFORM, "Write", (flow.topic for flow in FLOWS if flow.from_platform))


def _topics(principal: str, operation: str, topics: Iterable[Topic]) -> Iterator[Acl]:
    return (Acl(principal, operation, "topic", topic.name) for topic in topics)
