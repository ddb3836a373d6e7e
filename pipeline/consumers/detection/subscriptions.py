"""The topics that detection reads, in order of priority."""

from pipeline.runtime.consumer import Priority, Subscription
from schemas.topics import POSTS_APPEALED, POSTS_CREATED, POSTS_REPLAYED, POSTS_REPORTED

SUBSCRIPTIONS = (
    Subscription(POSTS_CREATED, Priority.INTERACTIVE),
    Subscription(POSTS_REPORTED, Priority.REPORTED),
    Subscription(POSTS_APPEALED, Priority.REPORTED),
    Subscription(POSTS_REPLAYED, Priority.REPLAY),
)
