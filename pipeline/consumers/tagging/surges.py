"""Whether the reports of a post amount to a surge: many distinct people within a short time.

Pure. The window ends at the report in hand and slides with it, so that no surge hides across the border
of two fixed windows; one surge silences the next for the length of a window.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from schemas.identity import surge_id
from schemas.moderation import ReportsSurged
from schemas.posts import PostReported

_INSTANT = timedelta(microseconds=1)  # the resolution of datetime and of PostgreSQL


def window_of(report: PostReported, window: timedelta) -> tuple[datetime, datetime]:
    """``since`` (counted) and ``until`` (not counted) of the window that ends with ``report`` itself."""
    until = report.reported_at + _INSTANT
    return until - window, until


def surge_at(
    report: PostReported, *, reporters: int, surges: Iterable[datetime], window: timedelta, threshold: int
) -> ReportsSurged | None:
    """The surge that ``report`` completes, or null.

    ``reporters`` are the distinct ones within :func:`window_of` the report; ``surges`` the times of the
    post's other surges. The same report always names the same surge.
    """
    end = report.reported_at
    if reporters < threshold or any(abs(end - surged) < window for surged in surges):
        return None
    since, _ = window_of(report, window)
    return ReportsSurged(
        surge_id=surge_id(report.post_id, since.isoformat()),
        post_id=report.post_id,
        reporters=reporters,
        window_seconds=int(window.total_seconds()),
        surged_at=end,
    )
