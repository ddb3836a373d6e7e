"""Where the Kafka brokers are, and how clients connect to them."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Brokers:
    """``bootstrap`` is host:port of one or more brokers; ``security`` has librdkafka's settings for them.

    See "Global configuration properties" of librdkafka: ``security.protocol``, ``sasl.mechanism``,
    ``sasl.username``, ``sasl.password``, ``ssl.ca.location``, ``ssl.certificate.location``,
    ``ssl.key.location``.
    """

    bootstrap: str
    security: Mapping[str, str] = field(default_factory=dict, repr=False)  # it may have a password

    def __str__(self) -> str:
        """Return the address, for messages."""
        return self.bootstrap

    def client_config(self) -> dict[str, str]:
        """Return the settings with which a client of librdkafka connects."""
        return {"bootstrap.servers": self.bootstrap, **self.security}


def connection(brokers: str | Brokers) -> dict[str, str]:
    """Return the settings with which a client connects to ``host:port`` without TLS, or to ``brokers``."""
    return (Brokers(brokers) if isinstance(brokers, str) else brokers).client_config()
