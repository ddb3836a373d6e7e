"""The services that the gateway's routes use: broker, database, verdict notifier and limits."""

from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Request
from sqlalchemy import Engine, text

from pipeline.producers.client.publisher import EventPublisher
from pipeline.producers.gateway.rate_limits import RateLimiter
from pipeline.producers.gateway.verdict_notifier import VerdictNotifier
from pipeline.producers.gateway.waiting_limit import WaitingLimit
from storage.database import transaction
from storage.errors import UnavailableError

_REACHABLE_SECONDS = 2.0  # shorter than the timeout of a probe, which is 3 s


@dataclass(frozen=True)
class Services:
    """Created once per process. Publisher and engine are thread-safe; the rest belongs to the event loop."""

    publisher: EventPublisher
    source: str  # CloudEvents source of the gateway; the tenant is appended
    engine: Engine
    notifier: VerdictNotifier
    rate_limiter: RateLimiter  # of API keys
    address_limiter: RateLimiter  # of clients without a key
    waiting_limit: WaitingLimit

    def ready(self) -> bool:
        """Whether a post would be accepted now, i.e. the broker and the database answer."""
        return self.publisher.reachable(_REACHABLE_SECONDS) and self._database_answers()

    def close(self) -> None:
        """Close the connections to the broker and the database."""
        self.notifier.close()
        self.publisher.close()
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
