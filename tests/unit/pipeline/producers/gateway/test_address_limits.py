"""Each address has its own bucket, an IPv6 subscriber has one, and the number of buckets is bounded."""

import pytest

from pipeline.producers.gateway import address_limits
from pipeline.producers.gateway.address_limits import AddressLimiter, TooManyRequestsError, client_key
from pipeline.producers.gateway.rate_limits import RateLimit

LIMIT = RateLimit(per_second=0.5, burst=2)


class Clock:
    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_an_address_is_refused_until_its_bucket_has_a_request_again() -> None:
    clock = Clock()
    limiter = AddressLimiter(LIMIT, clock)
    limiter.take("192.0.2.1")
    limiter.take("192.0.2.1")

    with pytest.raises(TooManyRequestsError) as refused:
        limiter.take("192.0.2.1")
    limiter.take("192.0.2.2")  # another address is not affected
    clock.seconds = refused.value.retry_after
    limiter.take("192.0.2.1")

    assert refused.value.retry_after == 2


def test_a_refusal_costs_nothing() -> None:
    clock = Clock()
    limiter = AddressLimiter(LIMIT, clock)
    for _ in range(2):
        limiter.take("a")
    for _ in range(10):
        with pytest.raises(TooManyRequestsError):
            limiter.take("a")
    clock.seconds = 2.0

    limiter.take("a")


def test_the_address_seen_longest_ago_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(address_limits, "MAX_ADDRESSES", 3)
    limiter = AddressLimiter(RateLimit(per_second=0.001, burst=1), Clock())
    for address in ("a", "b", "c", "d"):
        limiter.take(address)

    assert len(limiter) == 3
    with pytest.raises(TooManyRequestsError):
        limiter.take("d")
    limiter.take("a")  # forgotten, so it starts again


@pytest.mark.parametrize(
    ("host", "key"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("fe80::1%eth0", "fe80::/64"),
        ("testclient", "unknown"),
        ("", "unknown"),
        (None, "unknown"),
    ],
)
def test_an_address_counts_as_one_client(host: str | None, key: str) -> None:
    assert client_key(host) == key
