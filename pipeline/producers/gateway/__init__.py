"""The HTTP gateway for platforms without a Kafka client: problem+json, API keys, idempotency keys."""

from typing import TYPE_CHECKING

from pipeline.runtime.worker import Runnable, WorkerDescription
from pipeline.settings import Settings
from schemas.topics import POSTS_APPEALED, POSTS_CREATED, POSTS_REPORTED
from storage.access import INSERT, SELECT, UPDATE, Access

if TYPE_CHECKING:
    from pipeline.producers.gateway.verify_page.verifier import VerifierFactory

_ACCESS = Access(
    tables={
        "api_keys": (SELECT, f"{UPDATE} (last_used_at)"),
        "post_owners": (SELECT, INSERT),
        "idempotent_requests": (SELECT, INSERT, UPDATE),
        "posts": (SELECT, INSERT),
        "verdicts": (SELECT,),
        "post_tags": (SELECT,),
        "manifests": (SELECT,),
        "known_media": (SELECT,),  # for the page /verify
    }
)


def worker(make_verifier: "VerifierFactory") -> WorkerDescription:
    """Return the description of the worker, whose page /verify uses the verifier of ``make_verifier``."""

    def make(settings: Settings) -> Runnable:
        from pipeline.producers.gateway.server import make_gateway  # noqa: PLC0415 - loads FastAPI

        return make_gateway(settings, make_verifier)

    return WorkerDescription(
        "gateway",
        make,
        publishes=(POSTS_CREATED, POSTS_REPORTED, POSTS_APPEALED),
        port_variable="FAKEME_GATEWAY__PORT",
        access=_ACCESS,
    )
