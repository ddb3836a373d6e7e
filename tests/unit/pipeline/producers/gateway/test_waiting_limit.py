"""Each key has its own number of waiting requests, and a finished wait frees its place."""

import pytest

from pipeline.producers.gateway.waiting_limit import TooManyWaitingError, WaitingLimit


def test_one_more_than_the_limit_is_refused_until_one_ends() -> None:
    limit = WaitingLimit(per_key=2)

    with limit.hold("key"):
        with limit.hold("key"), limit.hold("other"):
            with pytest.raises(TooManyWaitingError), limit.hold("key"):
                pass
            with limit.hold("other"):
                pass
        with limit.hold("key"):
            pass


def test_a_wait_that_fails_frees_its_place() -> None:
    limit = WaitingLimit(per_key=1)

    for _ in range(3):
        with pytest.raises(ZeroDivisionError), limit.hold("key"):
            raise ZeroDivisionError
