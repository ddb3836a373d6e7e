"""The platform's side: a Python SDK (``PlatformClient``, ``AsyncPlatformClient``) and an HTTP gateway."""

from pipeline.producers.async_client import AsyncFollower, AsyncPlatformClient
from pipeline.producers.client import PlatformClient
from pipeline.producers.follower import Follower
from pipeline.producers.uploads import S3Access

__all__ = ["AsyncFollower", "AsyncPlatformClient", "Follower", "PlatformClient", "S3Access"]
