"""Limits how often one network address sends requests that need no key.

The number of remembered addresses is bounded: a stranger has as many as they like. An IPv6 address counts as
its /64 network, which is what one subscriber gets (RFC 6177).
"""

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv6Address, IPv6Network, ip_address

from pipeline.producers.gateway.rate_limits import Bucket, RateLimit, refill, take

MAX_ADDRESSES = 10_000  # a bucket takes some 300 bytes; the address that was seen longest ago is forgotten
_UNKNOWN = "unknown"  # all clients without an address share one bucket


class TooManyRequestsError(Exception):
    """The address has no request left for ``retry_after`` whole seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"the address has no request left for {retry_after} s")
        self.retry_after = retry_after


class AddressLimiter:
    """The token buckets of addresses. Used only in the event loop's thread."""

    def __init__(self, limit: RateLimit, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._clock = clock
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()  # the one used last is last

    def __len__(self) -> int:
        """Return the number of remembered addresses."""
        return len(self._buckets)

    def take(self, client: str) -> None:
        """Take one request of :func:`client_key`; raise :class:`TooManyRequestsError` if none is left."""
        now = self._clock()
        bucket = refill(self._limit, self._buckets.get(client, Bucket(self._limit.burst, now)), now)
        left = take(bucket)
        self._buckets[client] = left or bucket
        self._buckets.move_to_end(client)
        if len(self._buckets) > MAX_ADDRESSES:
            self._buckets.popitem(last=False)
        if left is None:
            raise TooManyRequestsError(math.ceil((1 - bucket.tokens) / self._limit.per_second))


def client_key(host: str | None) -> str:
    """Return what counts as one client: the IPv4 address, or the /64 network of an IPv6 address."""
    try:
        address = ip_address(host or "")
    except ValueError:
        return _UNKNOWN
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(IPv6Network((address.packed, 64), strict=False))
