"""What the gateway's routes need: the broker, the database and the bell for those who wait."""

from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Request
from sqlalchemy import Engine, text

from pipeline.producers.client.platform_client import PlatformClient
from pipeline.producers.gateway.verdict_bell import VerdictBell
from storage.database import transaction
from storage.errors import UnavailableError


@dataclass(frozen=True)
class Services:
    """Made once for a process; all safe from several threads."""

    client: PlatformClient
    engine: Engine
    bell: VerdictBell

    def ready(self) -> bool:
        """Whether a post would be taken now: broker and database answer."""
        return self.client.reachable() and self._database_answers()

    def close(self) -> None:
        """Let go of broker and database."""
        self.bell.close()
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


Needed = Annotated[Services, Depends(_services)]
