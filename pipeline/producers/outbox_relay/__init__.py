"""The relay worker: publishes the events of the PostgreSQL outbox."""

from pipeline.runtime.worker import Runnable, WorkerDescription
from pipeline.settings import Settings


def _make(settings: Settings) -> Runnable:
    from pipeline.producers.outbox_relay.relay import make_relay  # noqa: PLC0415 - Kafka and SQL clients

    return make_relay(settings)


WORKER = WorkerDescription("relay", _make)
