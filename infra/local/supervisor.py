"""Runs services together: starts them side by side, stops them side by side, knows their processes."""

import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from infra.errors import InfraError
from infra.local.keeper import Keeper
from infra.local.service import Service


class Supervisor:
    """A group of keepers that come and go at the same time."""

    def __init__(self, services: Iterable[Service], logs: Path, on_change: Callable[[], None]) -> None:
        self.keepers = [Keeper(service, logs / f"{service.name}.log", on_change) for service in services]

    def start(self, timeout: float, announce: Callable[[str, float], None]) -> None:
        """Start all and wait until each answers; raises the first failure.

        :param announce: called with the name of each service that became ready, and the seconds it took.
        """
        began = time.monotonic()
        for keeper in self.keepers:
            keeper.start()
        if not self.keepers:
            return
        with ThreadPoolExecutor(len(self.keepers)) as waiters:
            waits = [waiters.submit(self._wait, keeper, timeout, began, announce) for keeper in self.keepers]
        failures = [error for wait in waits if isinstance(error := wait.exception(), InfraError)]
        if failures:
            raise failures[0]

    def stop(self) -> None:
        """Stop all; returns when every process is gone."""
        if not self.keepers:
            return
        with ThreadPoolExecutor(len(self.keepers)) as stoppers:
            for stopping in [stoppers.submit(keeper.stop) for keeper in self.keepers]:
                stopping.result()

    @staticmethod
    def _wait(keeper: Keeper, timeout: float, began: float, announce: Callable[[str, float], None]) -> None:
        keeper.wait_ready(timeout)
        announce(keeper.service.name, time.monotonic() - began)
