"""Detects a surge of reports on a post: many distinct reporters within a short time.

Pure functions. The window slides: it ends at the current report, so a surge across two fixed windows is not
missed. A post has at most one surge per window length.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from schemas.identity import surge_id
from schemas.moderation import ReportsSurged
from schemas.posts import PostReported

_RESOLUTION = timedelta(microseconds=1)  # of datetime and of PostgreSQL


def surge_window(report: PostReported, window: timedelta) -> tuple[datetime, datetime]:
    """Return the start (inclusive) and end (exclusive) of the window whose last report is ``report``."""
    until = report.reported_at + _RESOLUTION
    return until - window, until


def detect_surge(
    report: PostReported, *, reporters: int, surges: Iterable[datetime], window: timedelta, threshold: int
) -> ReportsSurged | None:
    """Return the surge that ``report`` completes; None if there is none.

    ``reporters`` is the number of distinct reporters within the report's :func:`surge_window`. ``surges`` are
    the times of the post's earlier surges. The same report always gives the same surge id.
    """
    end = report.reported_at
    if reporters < threshold or any(abs(end - surge) < window for surge in surges):
        return None
    start, _ = surge_window(report, window)
    return ReportsSurged(
        surge_id=surge_id(report.post_id, start.isoformat()),
        post_id=report.post_id,
        reporters=reporters,
        window_seconds=int(window.total_seconds()),
        surged_at=end,
    )
