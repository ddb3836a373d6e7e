"""Everything that puts events on topics: the Python SDK, the HTTP gateway and the outbox relay.

The SDK's public names are imported from here. They load on first use (PEP 562), so that a process that only
needs another producer does not load the Kafka client.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.producers.client.async_platform_client import AsyncFollower, AsyncPlatformClient
    from pipeline.producers.client.follower import Follower
    from pipeline.producers.client.platform_client import PlatformClient
    from pipeline.producers.client.uploads import S3Access

__all__ = ["AsyncFollower", "AsyncPlatformClient", "Follower", "PlatformClient", "S3Access"]

_MODULES = {
    "AsyncFollower": "async_platform_client",
    "AsyncPlatformClient": "async_platform_client",
    "Follower": "follower",
    "PlatformClient": "platform_client",
    "S3Access": "uploads",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.client.{_MODULES[name]}"), name)
