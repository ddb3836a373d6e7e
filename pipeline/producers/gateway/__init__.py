"""The HTTP gateway for platforms without a Kafka client: problem+json, API keys, idempotency keys."""

from pipeline.runtime.worker import Runnable, WorkerDescription
from pipeline.settings import Settings


def _make(settings: Settings) -> Runnable:
    from pipeline.producers.gateway.server import make_gateway  # noqa: PLC0415 - loads FastAPI

    return make_gateway(settings)


WORKER = WorkerDescription("gateway", _make, port_variable="FAKEME_GATEWAY__PORT")
