"""A surge is many distinct reporters inside a window that slides, and it is raised once."""

from datetime import UTC, datetime, timedelta

import pytest

from pipeline.surge_policy import ReportSeen, surge_at
from schemas.identity import surge_id
from schemas.posts import PostReported, ReportReason

START = datetime(2026, 11, 23, tzinfo=UTC)


def seen(reporter: str, second: int) -> ReportSeen:
    return ReportSeen(reporter, START + timedelta(seconds=second))


def report(reporter: str, second: int) -> PostReported:
    return PostReported(
        report_id=f"r-{reporter}",
        post_id="post-1",
        reporter_id=reporter,
        reason=ReportReason.UNTAGGED_DEEPFAKE,
        reported_at=START + timedelta(seconds=second),
    )


@pytest.mark.parametrize(
    ("others", "surges", "reporters"),
    [
        ([("a", 0), ("b", 55)], [], 3),
        ([("a", 0), ("b", 55), ("d", 100)], [], 3),  # what came after it is not counted
        ([("a", 1), ("b", 55), ("b", 56), ("e", 2)], [], 4),
        ([("a", 55), ("a", 56)], [], None),  # the same person twice is one
        ([("a", -1), ("b", 55)], [], None),  # out of the window by a second
        ([("a", 0), ("b", 55)], [10], None),  # raised already
        ([("a", 0), ("b", 55)], [70], None),  # raised by a report that overtook this one
        ([("a", 0), ("b", 55)], [-1], 3),  # the last surge is a window ago
    ],
)
def test_surge_of_three_within_a_minute(
    others: list[tuple[str, int]], surges: list[int], reporters: int | None
) -> None:
    surge = surge_at(
        report("c", 59),
        reports=[*(seen(*other) for other in others), seen("c", 59)],
        surges=[START + timedelta(seconds=second) for second in surges],
        window=timedelta(seconds=60),
        threshold=3,
    )

    assert (surge.reporters if surge else None) == reporters


def test_the_surge_is_named_by_post_and_first_report() -> None:
    surge = surge_at(
        report("b", 30),
        reports=[seen("a", 5), seen("b", 30)],
        surges=[],
        window=timedelta(seconds=60),
        threshold=2,
    )

    assert surge is not None
    assert surge.surge_id == surge_id("post-1", (START + timedelta(seconds=5)).isoformat())
    assert (surge.post_id, surge.window_seconds) == ("post-1", 60)
    assert surge.surged_at == START + timedelta(seconds=30)
