"""The HTTP gateway, for platforms without a Kafka client: problem+json, API keys, idempotency keys."""

from pipeline.producers.gateway.server import make_gateway

__all__ = ["make_gateway"]
