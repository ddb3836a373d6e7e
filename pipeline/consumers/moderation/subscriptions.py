"""The topics that moderation reads, in order of priority."""

from pipeline.runtime.consumer import Priority, Subscription
from schemas.topics import MEDIA_VERDICTS, POSTS_APPEALED, POSTS_REPORTED, REPORTS_SURGED

SUBSCRIPTIONS = (
    Subscription(REPORTS_SURGED, Priority.INTERACTIVE),  # a post that spreads now must move up at once
    Subscription(POSTS_REPORTED, Priority.REPORTED),
    Subscription(POSTS_APPEALED, Priority.REPORTED),
    Subscription(MEDIA_VERDICTS, Priority.REPORTED),
)
