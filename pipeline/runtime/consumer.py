"""What a consumer is to the loop: which topics it reads, and how a batch of events becomes answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Protocol, TypeVar

from schemas.envelope import Event, Message
from schemas.topics import Topic

P = TypeVar("P")


class Priority(IntEnum):
    """Who is served first when more waits than can be done; the lower number wins."""

    INTERACTIVE = 0  # somebody waits to publish
    REPORTED = 1
    REPLAY = 2  # must never delay the others


@dataclass(frozen=True)
class Subscription:
    """A topic that a consumer reads, with its place in the order of service."""

    topic: Topic
    priority: Priority = Priority.INTERACTIVE


@dataclass(frozen=True)
class Answer:
    """The answer to one event: what to publish, and what its one log line says."""

    messages: tuple[Message, ...] = ()
    log: Mapping[str, object] = field(default_factory=dict)


class Consumer(Protocol[P]):
    """One kind of work on events; the loop gives it order, retries, dead letters and offsets."""

    @property
    def name(self) -> str:
        """As in logs, metrics and the consumer group."""
        ...

    @property
    def subscriptions(self) -> Sequence[Subscription]:
        """The topics that it reads; their retry topics are read too."""
        ...

    def prepare(self, event: Event, attempt: int) -> P:
        """What can be done for one event alone, in one of several threads (fetching, decoding).

        ``attempt`` counts from 1. What it raises decides whether it is retried: ``pipeline.runtime.retries``.
        """
        ...

    def cost(self, prepared: P) -> int:
        """How much work an event is to :meth:`handle`, in units of its own; a batch holds so much at most."""
        ...

    def size(self, prepared: P) -> int:
        """Bytes that a prepared event holds in memory until it is handled."""
        ...

    def handle(self, batch: Sequence[P]) -> Sequence[Answer | Exception]:
        """Answers for a batch, in its order, in the one compute thread.

        An exception in the place of an answer concerns that event alone; one that is raised concerns all.
        Must give the same answer (with the same event ids) when the same event comes again.
        """
        ...
