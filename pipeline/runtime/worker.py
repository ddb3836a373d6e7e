"""The description of a worker, and the interface of a running worker.

Each worker's folder exports one :class:`WorkerDescription` as ``WORKER``; :mod:`pipeline.workers` lists them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from pipeline.runtime.consumer import Subscription
from pipeline.settings import Settings
from schemas.topics import Topic, retry_topic


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
    uses_retry_topics: bool = False  # failed events wait on `<topic>.<worker>.retry`
    port_variable: str | None = None  # environment variable of the port on which it serves users

    @property
    def retry_topics(self) -> tuple[Topic, ...]:
        """The retry topics of this worker, which must exist."""
        if not self.uses_retry_topics:
            return ()
        return tuple(retry_topic(subscription.topic, self.name) for subscription in self.subscriptions)
