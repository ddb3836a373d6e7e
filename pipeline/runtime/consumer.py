"""The interface between a consumer and the loop: which topics it reads, and how it answers events."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Protocol, TypeVar

from schemas.envelope import Event, Message
from schemas.topics import Topic

P = TypeVar("P")


class Priority(IntEnum):
    """The order in which waiting events are handled; the lowest number comes first."""

    INTERACTIVE = 0  # a person waits for the result
    REPORTED = 1
    REPLAY = 2  # must never delay the others


@dataclass(frozen=True)
class Subscription:
    """A topic that a consumer reads, and the priority of its events."""

    topic: Topic
    priority: Priority = Priority.INTERACTIVE


@dataclass(frozen=True)
class Answer:
    """The answer to one event: the messages to publish, and extra fields for its log line."""

    messages: tuple[Message, ...] = ()
    log: Mapping[str, object] = field(default_factory=dict)


class Consumer(Protocol[P]):
    """Handles one kind of event. The loop takes care of order, retries, dead letters and offsets."""

    @property
    def name(self) -> str:
        """The name in logs, metrics and the consumer group."""
        ...

    @property
    def subscriptions(self) -> Sequence[Subscription]:
        """The topics to read. The loop also reads this consumer's retry topics."""
        ...

    @property
    def alive(self) -> bool:
        """Whether the consumer's own threads work; if False the process is restarted."""
        ...

    def prepare(self, event: Event, attempt: int) -> P:
        """Do the work that concerns one event alone, such as fetching and decoding.

        Called from several threads; events of one post that wait together, from one thread in order.
        ``attempt`` counts from 1. After an exception,
        :mod:`pipeline.runtime.retries` decides whether the event is retried.
        """
        ...

    def handle(self, batch: Sequence[P]) -> Sequence[Answer | Exception]:
        """Return one answer per event, in the order of the batch. Called from the compute thread.

        An exception that is returned in place of an answer concerns that event only; an exception that is
        raised concerns the whole batch. Must be idempotent: the same event must always get the same answer,
        with the same event ids.
        """
        ...
