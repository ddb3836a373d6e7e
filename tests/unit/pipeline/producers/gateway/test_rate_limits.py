"""A token bucket: bursts, then a steady rate; each key has its own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.producers.gateway.rate_limits import (
    Bucket,
    RateLimit,
    RateLimiter,
    RateLimitExceededError,
    refill,
    take,
)

LIMIT = RateLimit(per_second=2, burst=4)


class Clock:
    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def refused(limiter: RateLimiter, key_id: str) -> bool:
    try:
        limiter.take(key_id)
    except RateLimitExceededError:
        return True
    return False


@pytest.mark.parametrize(
    ("tokens", "seconds", "expected"), [(0, 0, 0), (0, 0.25, 0.5), (1, 1, 3), (3, 1, 4), (4, 1000, 4)]
)
def test_a_bucket_fills_up_to_the_burst(tokens: float, seconds: float, expected: float) -> None:
    assert refill(LIMIT, Bucket(tokens, 10), 10 + seconds) == Bucket(expected, 10 + seconds)


@pytest.mark.parametrize(("tokens", "left"), [(0, None), (0.99, None), (1, 0), (2.5, 1.5)])
def test_only_a_whole_token_can_be_taken(tokens: float, left: float | None) -> None:
    assert take(Bucket(tokens, 7)) == (None if left is None else Bucket(left, 7))


def test_the_headers_tell_what_is_left_and_when_to_come_back() -> None:
    clock = Clock()
    limiter = RateLimiter(LIMIT, clock)

    assert [limiter.take("key")["RateLimit"] for _ in range(4)] == [
        '"key";r=3;t=1',
        '"key";r=2;t=1',
        '"key";r=1;t=2',
        '"key";r=0;t=2',
    ]
    with pytest.raises(RateLimitExceededError) as error:
        limiter.take("key")
    assert error.value.headers == {
        "Retry-After": "1",
        "RateLimit-Policy": '"key";q=4;w=2',
        "RateLimit": '"key";r=0;t=2',
    }
    clock.seconds = 1
    assert not refused(limiter, "key")


def test_one_key_does_not_use_up_another_keys_requests() -> None:
    limiter = RateLimiter(LIMIT, Clock())

    assert [refused(limiter, "loud") for _ in range(6)] == [False] * 4 + [True] * 2
    assert not refused(limiter, "quiet")


def test_a_check_takes_nothing() -> None:
    limiter = RateLimiter(LIMIT, Clock())

    for _ in range(100):
        limiter.check("key")

    assert limiter.take("key")["RateLimit"].startswith('"key";r=3')


def test_full_buckets_are_forgotten() -> None:
    clock = Clock()
    limiter = RateLimiter(LIMIT, clock)
    for number in range(100):
        limiter.take(f"address-{number}")
    assert len(limiter) == 100

    clock.seconds = 0.4  # not yet full
    limiter.take("address-0")
    assert len(limiter) == 100
    clock.seconds = 0.5
    limiter.take("address-100")

    assert len(limiter) == 2


def test_beyond_the_limit_the_bucket_that_was_used_longest_ago_is_forgotten() -> None:
    limiter = RateLimiter(LIMIT, Clock(), max_buckets=3)
    for address in ("a", "a", "b", "c", "a", "d"):
        limiter.take(address)

    assert len(limiter) == 3
    assert limiter.take("a")["RateLimit"].startswith('"key";r=0')
    assert limiter.take("b")["RateLimit"].startswith('"key";r=3')


def test_a_limit_that_refills_at_once_is_no_fault() -> None:
    ticks = iter(range(1_000))
    limiter = RateLimiter(LIMIT, lambda: float(next(ticks)))  # each look at the clock refills the bucket

    assert limiter.take("key")["RateLimit"].startswith('"key";r=3')
    assert len(limiter) == 0


def test_the_headers_name_what_is_limited() -> None:
    headers = RateLimiter(LIMIT, Clock(), policy="address").take("192.0.2.1")

    assert headers == {"RateLimit-Policy": '"address";q=4;w=2', "RateLimit": '"address";r=3;t=1'}


@given(
    pauses=st.lists(st.floats(0, 10), max_size=200),
    per_second=st.floats(0.1, 100),
    burst=st.integers(1, 50),
)
def test_no_pattern_of_requests_gets_more_than_burst_and_rate(
    pauses: list[float], per_second: float, burst: int
) -> None:
    clock = Clock()
    limiter = RateLimiter(RateLimit(per_second, burst), clock)
    allowed = 0
    for pause in pauses:
        clock.seconds += pause
        allowed += not refused(limiter, "key")

    assert allowed <= burst + clock.seconds * per_second + 1e-6
