"""Starts and stops a group of services in parallel."""

import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from infra.errors import InfraError
from infra.local.service import Service
from infra.local.supervised_service import SupervisedService


class Supervisor:
    """A group of services that start and stop together."""

    def __init__(self, services: Iterable[Service], logs: Path, on_change: Callable[[], None]) -> None:
        self.services = [
            SupervisedService(service, logs / f"{service.name}.log", on_change) for service in services
        ]

    def start(self, timeout: float, on_ready: Callable[[str, float], None]) -> None:
        """Start all services and wait until they are ready; raise the first failure.

        :param on_ready: called with the name of each ready service and the seconds that it took.
        """
        began = time.monotonic()
        for supervised in self.services:
            supervised.start()
        if not self.services:
            return
        with ThreadPoolExecutor(len(self.services)) as waiters:
            waits = [
                waiters.submit(self._wait, supervised, timeout, began, on_ready)
                for supervised in self.services
            ]
        failures = [error for wait in waits if isinstance(error := wait.exception(), InfraError)]
        if failures:
            raise failures[0]

    def stop(self) -> None:
        """Stop all services; return when their processes have exited."""
        if not self.services:
            return
        with ThreadPoolExecutor(len(self.services)) as stoppers:
            for stopping in [stoppers.submit(supervised.stop) for supervised in self.services]:
                stopping.result()

    @staticmethod
    def _wait(
        supervised: SupervisedService, timeout: float, began: float, on_ready: Callable[[str, float], None]
    ) -> None:
        supervised.wait_ready(timeout)
        on_ready(supervised.service.name, time.monotonic() - began)
