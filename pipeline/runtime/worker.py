"""The description of a worker, and the interface of a running worker.

Each worker's folder exports one :class:`WorkerDescription` as ``WORKER``, or a function that returns it,
given what it needs of another worker. :mod:`pipeline.workers` lists them.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from pipeline.runtime.consumer import Subscription
from pipeline.settings import Settings
from schemas.topics import DEAD_LETTERS, Topic, retry_topic
from storage.access import Access


class Runnable(Protocol):
    """A worker that was made and can be run. ``stop`` may be called from a signal handler."""

    @property
    def alive(self) -> bool: ...
    @property
    def ready(self) -> bool: ...
    def run(self) -> None: ...
    def stop(self) -> None: ...


@dataclass(frozen=True)
class WorkerDescription:
    """Everything that the rest of the system needs to know about a worker without importing its code.

    ``make`` imports what the worker needs (torch, Faust, FastAPI), so that other processes do not load it.
    """

    name: str  # in `fakeme worker NAME`, logs, metrics, docker-compose.yml and prometheus.yml
    make: Callable[[Settings], Runnable]
    subscriptions: tuple[Subscription, ...] = ()  # the topics that it reads
    publishes: tuple[Topic, ...] = ()  # not those that it announces through the outbox
    uses_retry_topics: bool = False  # failed events wait on `<topic>.<worker>.retry`
    access: Access = field(default_factory=Access)  # its privileges in PostgreSQL and S3
    port_variable: str | None = None  # environment variable of the port on which it serves users

    @property
    def retry_topics(self) -> tuple[Topic, ...]:
        """The retry topics of this worker, which must exist."""
        if not self.uses_retry_topics:
            return ()
        return tuple(retry_topic(subscription.topic, self.name) for subscription in self.subscriptions)

    @property
    def read_topics(self) -> tuple[Topic, ...]:
        """All topics that it reads."""
        return (*(subscription.topic for subscription in self.subscriptions), *self.retry_topics)

    @property
    def written_topics(self) -> tuple[Topic, ...]:
        """All topics that it writes. A worker that reads events writes those that it gives up."""
        given_up = (DEAD_LETTERS,) if self.subscriptions else ()
        return (*self.publishes, *self.retry_topics, *given_up)

    @property
    def consumer_group(self) -> str:
        """The consumer group, which is also the name of the Kafka principal in ACLs."""
        return f"fakeme-{self.name}"
