"""The workers by name, and the process around each: logs, health, signals.

What a worker needs (a model, Faust, a web server) is imported only by the process that runs it.
"""

import signal
from collections.abc import Callable
from types import FrameType
from typing import Protocol, TypeVar

import structlog

from pipeline.errors import PipelineError
from pipeline.runtime.consumer import Consumer
from pipeline.runtime.health import HealthServer
from pipeline.runtime.logs import configure_logs
from pipeline.settings import Settings

log = structlog.get_logger(__name__)

P = TypeVar("P")


class UnknownWorkerError(PipelineError):
    """There is no worker of that name."""


class Runnable(Protocol):
    """A worker, once made: it runs until it is stopped, and says how it is."""

    @property
    def alive(self) -> bool: ...
    @property
    def ready(self) -> bool: ...
    def run(self) -> None: ...
    def stop(self) -> None: ...


def _detection(settings: Settings) -> Runnable:
    from pipeline.consumers.detection.worker import make_detection  # noqa: PLC0415 - torch

    return make_detection(settings)


def _tagging(settings: Settings) -> Runnable:
    from pipeline.consumers.tagging.worker import make_tagging  # noqa: PLC0415 - Faust

    return make_tagging(settings)


def _moderation(settings: Settings) -> Runnable:
    from pipeline.consumers.moderation.consumer import build  # noqa: PLC0415

    return loop_around(build(settings), settings)


def _relay(settings: Settings) -> Runnable:
    from pipeline.producers.outbox_relay.relay import make_relay  # noqa: PLC0415

    return make_relay(settings)


def _gateway(settings: Settings) -> Runnable:
    from pipeline.producers.gateway import make_gateway  # noqa: PLC0415 - FastAPI

    return make_gateway(settings)


WORKERS: dict[str, Callable[[Settings], Runnable]] = {
    "detection": _detection,
    "tagging": _tagging,
    "moderation": _moderation,
    "relay": _relay,
    "gateway": _gateway,
}


def loop_around(consumer: Consumer[P], settings: Settings) -> Runnable:
    """The loop with clients of its own, for a consumer that takes one event at a time."""
    from pipeline.runtime.kafka import RecordPublisher, make_consumer, make_producer  # noqa: PLC0415
    from pipeline.runtime.loop import Loop, LoopSettings  # noqa: PLC0415

    group = f"fakeme-{consumer.name}"
    return Loop(
        consumer,
        make_consumer(settings.kafka_bootstrap, group),
        RecordPublisher(make_producer(settings.kafka_bootstrap, group)),
        settings=LoopSettings(threads=2, batch_size=1, batch_wait=0.0),
        retry=settings.retry,
    )


def run_worker(name: str, settings: Settings) -> None:
    """Run a worker until SIGTERM or SIGINT; it answers /healthz while it still loads."""
    if name not in WORKERS:
        raise UnknownWorkerError(f"no worker {name!r}; there are {', '.join(WORKERS)}")
    configure_logs(settings.log_level, settings.log_format, name)
    process = WorkerProcess()
    health = HealthServer(
        settings.health_host,
        settings.health_port,
        alive=lambda: process.alive,
        ready=lambda: process.ready,
    )
    health.start()
    log.info("worker.started", health_port=health.port)
    try:
        process.run(lambda: WORKERS[name](settings))
    finally:
        health.stop()
    log.info("worker.stopped")


class WorkerProcess:
    """A worker that may be asked to stop before it is even made."""

    def __init__(self) -> None:
        self._worker: Runnable | None = None
        self._stopping = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)

    @property
    def alive(self) -> bool:
        """Whether it works, or is still being made."""
        return self._worker is None or self._worker.alive

    @property
    def ready(self) -> bool:
        """Whether it takes work."""
        return self._worker is not None and self._worker.ready

    def run(self, make: Callable[[], Runnable]) -> None:
        """Make the worker and run it to its end."""
        self._worker = make()
        if not self._stopping:
            self._worker.run()

    def _on_signal(self, number: int, _: FrameType | None) -> None:
        log.info("worker.stopping", signal=signal.Signals(number).name)
        self._stopping = True
        if self._worker is not None:
            self._worker.stop()
