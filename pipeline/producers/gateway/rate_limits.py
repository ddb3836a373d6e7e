"""Limits how fast one key, or one address, sends requests, by a token bucket in memory.

In memory, because a limit must cost less than what it protects: a bucket in PostgreSQL would be one more
write for each request. With n gateways behind a load balancer, a key has up to n times the limit.
"""

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

MAX_BUCKETS = 50_000  # 13 MB, if none of them is full


@dataclass(frozen=True)
class RateLimit:
    """``burst`` requests at once, then ``per_second``."""

    per_second: float
    burst: int


@dataclass(frozen=True, slots=True)
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
    """The key has no request left for ``retry_after`` whole seconds, as ``headers`` say."""

    def __init__(self, retry_after: int, headers: Mapping[str, str]) -> None:
        super().__init__(f"the key has no request left for {retry_after} s")
        self.retry_after = retry_after
        self.headers = {"Retry-After": str(retry_after), **headers}


class RateLimiter:
    """The buckets of all keys or addresses. Used only in the event loop's thread.

    ``policy`` names in the headers what is limited. There are at most ``max_buckets``: beyond, the one that
    was used longest ago is forgotten. Who has so many addresses gains little by it: each brings a burst.
    """

    def __init__(
        self,
        limit: RateLimit,
        clock: Callable[[], float] = time.monotonic,
        *,
        policy: str = "key",
        max_buckets: int = MAX_BUCKETS,
    ) -> None:
        self._limit = limit
        self._clock = clock
        self._policy = policy
        self._max_buckets = max_buckets
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()  # in the order of their last use

    def __len__(self) -> int:
        """Return the number of buckets in memory."""
        return len(self._buckets)

    def check(self, key_id: str) -> None:
        """Raise :class:`RateLimitExceededError` if the key has no request left; take none."""
        bucket = self._bucket(key_id)
        if take(bucket) is None:
            raise RateLimitExceededError(self._seconds_until(bucket, 1), self._headers(bucket))

    def take(self, key_id: str) -> Mapping[str, str]:
        """Take one request of a valid key; return the headers that tell how many are left.

        Raise :class:`RateLimitExceededError` if there is none.
        """
        self.check(key_id)
        bucket = self._bucket(key_id)
        left = take(bucket) or bucket
        self._buckets[key_id] = left
        self._buckets.move_to_end(key_id)
        self._forget()
        return self._headers(left)

    def _forget(self) -> None:
        """Drop the buckets that were used longest ago while they are full, as new ones are, or too many."""
        while self._buckets:
            if len(self._buckets) <= self._max_buckets and not self._is_full(next(iter(self._buckets))):
                return
            self._buckets.popitem(last=False)

    def _is_full(self, key_id: str) -> bool:
        return self._bucket(key_id).tokens >= self._limit.burst

    def _bucket(self, key_id: str) -> Bucket:
        now = self._clock()
        return refill(self._limit, self._buckets.get(key_id, Bucket(self._limit.burst, now)), now)

    def _headers(self, bucket: Bucket) -> dict[str, str]:
        """Return the fields of draft-ietf-httpapi-ratelimit-headers-10."""
        window = math.ceil(self._limit.burst / self._limit.per_second)
        full = self._seconds_until(bucket, self._limit.burst)
        return {
            "RateLimit-Policy": f'"{self._policy}";q={self._limit.burst};w={window}',
            "RateLimit": f'"{self._policy}";r={math.floor(bucket.tokens)};t={full}',
        }

    def _seconds_until(self, bucket: Bucket, tokens: int) -> int:
        return max(0, math.ceil((tokens - bucket.tokens) / self._limit.per_second))
