"""For platforms: a Python SDK (``PlatformClient``, ``AsyncPlatformClient``) and an HTTP gateway."""

from pipeline.producers.client.async_platform_client import AsyncFollower, AsyncPlatformClient
from pipeline.producers.client.follower import Follower
from pipeline.producers.client.platform_client import PlatformClient
from pipeline.producers.client.uploads import S3Access

__all__ = ["AsyncFollower", "AsyncPlatformClient", "Follower", "PlatformClient", "S3Access"]
