"""The parts of the page, made once per process: the queue, the limits and the view."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Request

from pipeline.producers.gateway.rate_limits import RateLimit, RateLimiter
from pipeline.producers.gateway.verify_page.verification_queue import VerificationQueue
from pipeline.producers.gateway.verify_page.verifier import FileVerifier
from pipeline.producers.gateway.verify_page.view import View
from pipeline.producers.gateway.waiting_limit import WaitingLimit
from pipeline.settings import GatewaySettings

PER_ADDRESS = 2  # uploads of one address at a time, or a few slow ones would take all places
_HOUR = 3_600


@dataclass(frozen=True)
class VerifyPage:
    """Belongs to the event loop."""

    queue: VerificationQueue
    limiter: RateLimiter  # of addresses
    uploading: WaitingLimit
    view: View
    max_bytes: int


def make_page(settings: GatewaySettings, load: Callable[[], FileVerifier]) -> VerifyPage:
    """Return the page; ``load`` returns the verifier, later and in another thread."""
    max_bytes = settings.verify_max_bytes
    return VerifyPage(
        queue=VerificationQueue(load),
        limiter=RateLimiter(
            RateLimit(settings.verify_per_hour / _HOUR, settings.verify_burst), policy="address"
        ),
        uploading=WaitingLimit(PER_ADDRESS),
        view=View(max_bytes),
        max_bytes=max_bytes,
    )


def _page(request: Request) -> VerifyPage:
    return cast(VerifyPage, request.app.state.verify_page)


InjectedPage = Annotated[VerifyPage, Depends(_page)]
