"""Limits how fast one key sends requests, by a token bucket in memory.

In memory, because a limit must cost less than what it protects: a bucket in PostgreSQL would be one more
write for each request. With n gateways behind a load balancer, a key has up to n times the limit.
"""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class RateLimit:
    """``burst`` requests at once, then ``per_second``."""

    per_second: float
    burst: int


@dataclass(frozen=True)
class Bucket:
    """The requests that a key has left at a moment of a monotonic clock, in seconds."""

    tokens: float
    at: float


def refill(limit: RateLimit, bucket: Bucket, now: float) -> Bucket:
    """Return the bucket at ``now``, with the tokens that were added since."""
    return Bucket(min(limit.burst, bucket.tokens + (now - bucket.at) * limit.per_second), now)


def take(bucket: Bucket) -> Bucket | None:
    """Return the bucket without one token; None if there is none."""
    return None if bucket.tokens < 1 else Bucket(bucket.tokens - 1, bucket.at)


class RateLimitExceededError(Exception):
    """The key has no request left; ``headers`` say when it has one again."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        super().__init__("the key has no request left")
        self.headers = headers


class RateLimiter:
    """The buckets of all keys. Used only in the event loop's thread; grows by the number of valid keys."""

    def __init__(self, limit: RateLimit, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._clock = clock
        self._buckets: dict[str, Bucket] = {}

    def check(self, key_id: str) -> None:
        """Raise :class:`RateLimitExceededError` if the key has no request left; take none."""
        bucket = self._bucket(key_id)
        if take(bucket) is None:
            raise RateLimitExceededError(
                {"Retry-After": str(self._seconds_until(bucket, 1)), **self._headers(bucket)}
            )

    def take(self, key_id: str) -> Mapping[str, str]:
        """Take one request of a valid key; return the headers that tell how many are left.

        Raise :class:`RateLimitExceededError` if there is none.
        """
        self.check(key_id)
        bucket = self._bucket(key_id)
        self._buckets[key_id] = take(bucket) or bucket
        return self._headers(self._buckets[key_id])

    def _bucket(self, key_id: str) -> Bucket:
        now = self._clock()
        return refill(self._limit, self._buckets.get(key_id, Bucket(self._limit.burst, now)), now)

    def _headers(self, bucket: Bucket) -> dict[str, str]:
        """Return the fields of draft-ietf-httpapi-ratelimit-headers-10."""
        window = math.ceil(self._limit.burst / self._limit.per_second)
        full = self._seconds_until(bucket, self._limit.burst)
        return {
            "RateLimit-Policy": f'"key";q={self._limit.burst};w={window}',
            "RateLimit": f'"key";r={math.floor(bucket.tokens)};t={full}',
        }

    def _seconds_until(self, bucket: Bucket, tokens: int) -> int:
        return max(0, math.ceil((tokens - bucket.tokens) / self._limit.per_second))
