"""Whether the reports of a post amount to a surge: many distinct people within a short time.

Pure. The window ends at the report in hand and slides with it, so that no surge hides across the border
of two fixed windows; one surge silences the next for the length of a window.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from schemas.identity import surge_id
from schemas.moderation import ReportsSurged
from schemas.posts import PostReported


@dataclass(frozen=True)
class ReportSeen:
    """Who reported a post, and when."""

    reporter_id: str
    reported_at: datetime


def surge_at(
    report: PostReported,
    *,
    reports: Iterable[ReportSeen],
    surges: Iterable[datetime],
    window: timedelta,
    threshold: int,
) -> ReportsSurged | None:
    """The surge that ``report`` completes, or null.

    ``reports`` are those known of its post, itself among them; ``surges`` the times of the post's earlier
    ones. At least ``threshold`` distinct reporters within ``window`` make a surge.
    """
    end = report.reported_at
    inside = [seen for seen in reports if end - window < seen.reported_at <= end]
    reporters = {seen.reporter_id for seen in inside}
    if len(reporters) < threshold or any(abs(end - surged) < window for surged in surges):
        return None
    start = min(seen.reported_at for seen in inside)
    return ReportsSurged(
        surge_id=surge_id(report.post_id, start.isoformat()),
        post_id=report.post_id,
        reporters=len(reporters),
        window_seconds=int(window.total_seconds()),
        surged_at=end,
    )
