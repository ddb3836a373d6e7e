"""The topics that moderation reads."""

from pipeline.runtime.consumer import Priority, Subscription
from schemas.topics import MEDIA_VERDICTS, POSTS_APPEALED, POSTS_REPORTED

SUBSCRIPTIONS = (
    Subscription(POSTS_REPORTED, Priority.REPORTED),
    Subscription(POSTS_APPEALED, Priority.REPORTED),
    Subscription(MEDIA_VERDICTS, Priority.REPORTED),
)
