"""The services that the gateway's routes use: broker, database and verdict notifier."""

from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Request
from sqlalchemy import Engine, text

from pipeline.producers.client.platform_client import PlatformClient
from pipeline.producers.gateway.verdict_notifier import VerdictNotifier
from storage.database import transaction
from storage.errors import UnavailableError


@dataclass(frozen=True)
class Services:
    """Created once per process; each service is thread-safe."""

    client: PlatformClient
    engine: Engine
    notifier: VerdictNotifier

    def ready(self) -> bool:
        """Whether a post would be accepted now, i.e. the broker and the database answer."""
        return self.client.reachable() and self._database_answers()

    def close(self) -> None:
        """Close the connections to the broker and the database."""
        self.notifier.close()
        self.client.close()
        self.engine.dispose()

    def _database_answers(self) -> bool:
        try:
            with transaction(self.engine) as session:
                session.execute(text("SELECT 1"))
        except UnavailableError:
            return False
        return True


def _services(request: Request) -> Services:
    return cast(Services, request.app.state.services)


InjectedServices = Annotated[Services, Depends(_services)]
