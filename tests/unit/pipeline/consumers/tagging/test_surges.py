"""A surge is many distinct reporters inside a window that slides, and it is raised once."""

from datetime import UTC, datetime, timedelta

import pytest

from pipeline.consumers.tagging.surges import detect_surge, surge_window
from schemas.identity import surge_id
from schemas.posts import PostReported, ReportReason

START = datetime(2026, 11, 23, tzinfo=UTC)
WINDOW = timedelta(seconds=60)


def report(second: int) -> PostReported:
    return PostReported(
        report_id="r-1",
        post_id="post-1",
        reporter_id="u-1",
        reason=ReportReason.UNTAGGED_DEEPFAKE,
        reported_at=START + timedelta(seconds=second),
    )


def test_the_window_ends_with_the_report_itself() -> None:
    since, until = surge_window(report(60), WINDOW)

    assert since <= report(60).reported_at < until
    assert report(0).reported_at < since <= report(1).reported_at
    assert until - since == WINDOW


@pytest.mark.parametrize(
    ("reporters", "surges", "surged"),
    [
        (3, [], True),
        (4, [], True),
        (2, [], False),
        (3, [10], False),  # raised already
        (3, [70], False),  # raised by a report that overtook this one
        (3, [-1], True),  # the last surge is a window ago
    ],
)
def test_three_within_a_minute_surge_once(reporters: int, surges: list[int], surged: bool) -> None:
    surge = detect_surge(
        report(59),
        reporters=reporters,
        surges=[START + timedelta(seconds=second) for second in surges],
        window=WINDOW,
        threshold=3,
    )

    assert (surge is not None) == surged


def test_the_surge_is_named_by_post_and_window() -> None:
    surge = detect_surge(report(59), reporters=5, surges=[], window=WINDOW, threshold=3)

    assert surge is not None
    assert surge.surge_id == surge_id("post-1", surge_window(report(59), WINDOW)[0].isoformat())
    assert (surge.post_id, surge.reporters, surge.window_seconds) == ("post-1", 5, 60)
    assert surge.surged_at == START + timedelta(seconds=59)
