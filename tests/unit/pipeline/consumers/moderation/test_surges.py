"""A surge is detected when many distinct users report a post within a sliding window, whatever the dates."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.consumers.moderation.surges import (
    CLOCK_TOLERANCE,
    SurgeRule,
    counted_at,
    detect_surge,
    surge_window,
)
from pipeline.settings import ModerationSettings
from schemas.base import EARLIEST, LATEST
from schemas.identity import surge_id

START = datetime(2026, 11, 23, tzinfo=UTC)
WINDOW = timedelta(seconds=60)
RULE = SurgeRule(reporters=3, window=WINDOW)
LONGEST = timedelta(seconds=2_592_000)  # of the setting


def second(number: int) -> datetime:
    return START + timedelta(seconds=number)


def test_window_ends_with_the_report() -> None:
    start, end = surge_window(second(60), WINDOW)

    assert start <= second(60) < end
    assert second(0) < start <= second(1)
    assert end - start == WINDOW


@pytest.mark.parametrize(("reporters", "expected"), [(2, False), (3, True), (4, True)])
def test_surge_needs_enough_reporters(reporters: int, expected: bool) -> None:
    assert (detect_surge("post-1", second(59), reporters=reporters, rule=RULE) is not None) == expected


def test_surge_id_depends_on_post_and_window() -> None:
    surge = detect_surge("post-1", second(59), reporters=5, rule=RULE)

    assert surge is not None
    assert surge.surge_id == surge_id("post-1", surge_window(second(59), WINDOW)[0].isoformat())
    assert (surge.post_id, surge.reporters, surge.window_seconds) == ("post-1", 5, 60)
    assert surge.surged_at == second(59)


@pytest.mark.parametrize(
    ("ahead", "counts"),
    [
        (timedelta(days=-3650), timedelta(days=-3650)),  # a report that waited for long
        (timedelta(0), timedelta(0)),
        (CLOCK_TOLERANCE, CLOCK_TOLERANCE),
        (CLOCK_TOLERANCE + timedelta(microseconds=1), timedelta(0)),
        (timedelta(days=365), timedelta(0)),
    ],
)
def test_report_from_the_future_counts_now(ahead: timedelta, counts: timedelta) -> None:
    assert counted_at(START + ahead, START) == START + counts


def test_longest_window_is_that_of_the_setting() -> None:
    limits = ModerationSettings.model_fields["surge_window_seconds"].metadata

    assert max(getattr(limit, "le", 0) for limit in limits) == LONGEST.total_seconds()


INSTANTS = st.datetimes(
    min_value=EARLIEST.replace(tzinfo=None),
    max_value=(LATEST - timedelta(microseconds=1)).replace(tzinfo=None),
    timezones=st.just(UTC),
)


@given(reported_at=INSTANTS, now=INSTANTS, window=st.timedeltas(timedelta(seconds=1), LONGEST))
def test_every_date_that_a_contract_accepts_has_a_window(
    reported_at: datetime, now: datetime, window: timedelta
) -> None:
    at = counted_at(reported_at, now)
    start, end = surge_window(at, window)
    surge = detect_surge("post-1", at, reporters=2, rule=SurgeRule(2, window))

    assert start <= at < end
    assert at <= now + CLOCK_TOLERANCE
    assert surge is not None
