"""The list of workers. A new worker is one folder with a ``WORKER`` description and one line here."""

import re
from collections.abc import Mapping
from types import MappingProxyType

from pipeline.consumers import detection, moderation, tagging
from pipeline.errors import DuplicateRegistrationError, UnknownWorkerError, WorkerNameError
from pipeline.producers import gateway, outbox_relay
from pipeline.runtime.process import run_process
from pipeline.runtime.worker import WorkerDescription
from pipeline.settings import Settings
from schemas.topics import TOPICS, Topic

_NAME = re.compile(r"[a-z0-9-]{1,64}")  # no dot: `<topic>.<worker>.retry` is split at its last dot

_workers: dict[str, WorkerDescription] = {
    description.name: description
    for description in (
        detection.WORKER,
        tagging.WORKER,
        moderation.WORKER,
        outbox_relay.WORKER,
        gateway.worker(detection.make_verifier),
    )
}

WORKERS: Mapping[str, WorkerDescription] = MappingProxyType(_workers)  # by name; includes registered ones


def register_worker(description: WorkerDescription) -> None:
    """Add a worker from outside this package; see :mod:`pipeline.plugins`.

    Raise :class:`~pipeline.errors.DuplicateRegistrationError` if the name is taken, and
    :class:`~pipeline.errors.WorkerNameError` if it cannot be part of a retry topic's name.
    """
    if not _NAME.fullmatch(description.name):
        raise WorkerNameError(
            f"a worker cannot be named {description.name!r}; use lower-case letters, digits and hyphens"
        )
    if description.name in _workers:
        raise DuplicateRegistrationError(
            f"a worker named {description.name!r} is registered already; choose another name"
        )
    _workers[description.name] = description


def find_worker(name: str) -> WorkerDescription:
    """Return the worker with this name; raise :class:`~pipeline.errors.UnknownWorkerError` otherwise."""
    if name not in _workers:
        raise UnknownWorkerError(f"there is no worker {name!r}; the workers are {', '.join(_workers)}")
    return _workers[name]


def topics() -> tuple[Topic, ...]:
    """Return all topics to declare: those of the contracts and the retry topics of registered workers."""
    needed = {topic.name: topic for topic in TOPICS}
    for description in _workers.values():
        for topic in description.retry_topics:
            needed.setdefault(topic.name, topic)
    return tuple(needed.values())


def run_worker(name: str, settings: Settings) -> None:
    """Run one worker in this process until it is told to stop."""
    run_process(find_worker(name), settings)
