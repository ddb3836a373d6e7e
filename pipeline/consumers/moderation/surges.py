"""Detects a surge of reports on a post: many distinct reporters within a short time.

Pure functions. The window slides: it ends at the current report, so a surge across two fixed windows is not
missed. A post has at most one surge per window length.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from schemas.identity import surge_id
from schemas.moderation import ReportsSurged

CLOCK_TOLERANCE = timedelta(minutes=5)  # platforms' clocks may run ahead of the database's by this much
_RESOLUTION = timedelta(microseconds=1)  # of datetime and of PostgreSQL


@dataclass(frozen=True)
class SurgeRule:
    """How many distinct reporters within which time are a surge."""

    reporters: int
    window: timedelta


def counted_at(reported_at: datetime, now: datetime) -> datetime:
    """Return the time at which a report counts: its own, or ``now`` if its clock runs too far ahead.

    A report from the future would otherwise be the last of every window up to then.
    """
    return reported_at if reported_at <= now + CLOCK_TOLERANCE else now


def surge_window(at: datetime, window: timedelta) -> tuple[datetime, datetime]:
    """Return the start (inclusive) and end (exclusive) of the window whose last report counts at ``at``."""
    until = at + _RESOLUTION
    return until - window, until


def detect_surge(post_id: str, at: datetime, *, reporters: int, rule: SurgeRule) -> ReportsSurged | None:
    """Return the surge that a report of the post at ``at`` completes; None if there is none.

    ``reporters`` is the number of distinct reporters within the report's :func:`surge_window`. The surge id
    depends on post and window only.
    """
    if reporters < rule.reporters:
        return None
    start, _ = surge_window(at, rule.window)
    return ReportsSurged(
        surge_id=surge_id(post_id, start.isoformat()),
        post_id=post_id,
        reporters=reporters,
        window_seconds=int(rule.window.total_seconds()),
        surged_at=at,
    )
