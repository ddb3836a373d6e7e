"""The delay before a restart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local.backoff import MAX_SECONDS, consecutive_crashes, restart_delay


@pytest.mark.parametrize(
    ("crashes", "seconds"), [(1, 0.2), (2, 0.4), (3, 0.8), (7, 12.8), (8, 15.0), (5_000, 15.0)]
)
def test_delay_doubles_up_to_the_limit(crashes: int, seconds: float) -> None:
    assert restart_delay(crashes) == pytest.approx(seconds)


@given(st.integers(1, 10_000))
def test_delay_never_shrinks(crashes: int) -> None:
    assert restart_delay(crashes) <= restart_delay(crashes + 1) <= MAX_SECONDS


@pytest.mark.parametrize(
    ("before", "ran_seconds", "after"), [(0, 1.0, 1), (3, 59.9, 4), (3, 60.0, 1), (0, 3_600.0, 1)]
)
def test_long_run_resets_the_crash_count(before: int, ran_seconds: float, after: int) -> None:
    assert consecutive_crashes(before, ran_seconds) == after
