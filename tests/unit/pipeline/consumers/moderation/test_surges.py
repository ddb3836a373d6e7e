"""A surge is detected once when many distinct users report a post within a sliding window."""

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


def test_window_ends_with_the_report() -> None:
    start, end = surge_window(report(60), WINDOW)

    assert start <= report(60).reported_at < end
    assert report(0).reported_at < start <= report(1).reported_at
    assert end - start == WINDOW


@pytest.mark.parametrize(
    ("reporters", "surges", "expected"),
    [
        (3, [], True),
        (4, [], True),
        (2, [], False),
        (3, [10], False),  # detected already
        (3, [70], False),  # detected for a later report that arrived first
        (3, [-1], True),  # the last surge was exactly one window ago
    ],
)
def test_surge_needs_enough_reporters_and_no_surge_nearby(
    reporters: int, surges: list[int], expected: bool
) -> None:
    surge = detect_surge(
        report(59),
        reporters=reporters,
        surges=[START + timedelta(seconds=second) for second in surges],
        window=WINDOW,
        threshold=3,
    )

    assert (surge is not None) == expected


def test_surge_id_depends_on_post_and_window() -> None:
    surge = detect_surge(report(59), reporters=5, surges=[], window=WINDOW, threshold=3)

    assert surge is not None
    assert surge.surge_id == surge_id("post-1", surge_window(report(59), WINDOW)[0].isoformat())
    assert (surge.post_id, surge.reporters, surge.window_seconds) == ("post-1", 5, 60)
    assert surge.surged_at == START + timedelta(seconds=59)
