"""The process around a worker: logs, signals and the health server."""

import signal
from collections.abc import Callable
from types import FrameType

import structlog

from pipeline.runtime.health import HealthServer
from pipeline.runtime.logs import configure_logs
from pipeline.runtime.unknown_settings import unknown_settings
from pipeline.runtime.worker import Runnable, WorkerDescription
from pipeline.settings import Settings

log = structlog.get_logger(__name__)


def run_process(description: WorkerDescription, settings: Settings) -> None:
    """Run a worker until SIGTERM or SIGINT. /healthz answers while the worker is still loading."""
    configure_logs(settings.log_level, settings.log_format, description.name)
    process = WorkerProcess()
    health = HealthServer(
        settings.health_host,
        settings.health_port,
        alive=lambda: process.alive,
        ready=lambda: process.ready,
    )
    health.start()
    log.info("worker.started", health_port=health.port)
    for unknown in unknown_settings():
        log.warning("setting.unknown", name=unknown.name, did_you_mean=unknown.suggestion)
    try:
        process.run(lambda: description.make(settings))
    finally:
        health.stop()
    log.info("worker.stopped")


class WorkerProcess:
    """Passes signals to the worker, also those that arrive before the worker exists."""

    def __init__(self) -> None:
        self._worker: Runnable | None = None
        self._stopping = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)

    @property
    def alive(self) -> bool:
        """Whether the worker is healthy or still loading."""
        return self._worker is None or self._worker.alive

    @property
    def ready(self) -> bool:
        """Whether the worker accepts work."""
        return self._worker is not None and self._worker.ready

    def run(self, make: Callable[[], Runnable]) -> None:
        """Make the worker and run it until it stops."""
        self._worker = make()
        if not self._stopping:
            self._worker.run()

    def _on_signal(self, number: int, _: FrameType | None) -> None:
        log.info("worker.stopping", signal=signal.Signals(number).name)
        self._stopping = True
        if self._worker is not None:
            self._worker.stop()
