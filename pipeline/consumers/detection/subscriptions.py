"""The topics that detection reads, in order of priority."""

from pipeline.runtime.consumer import Priority, Subscription
from schemas.envelope import Event
from schemas.topics import POSTS_APPEALED, POSTS_CREATED, POSTS_REPLAYED, POSTS_REPORTED

SUBSCRIPTIONS = (
    Subscription(POSTS_CREATED, Priority.INTERACTIVE),
    Subscription(POSTS_REPORTED, Priority.REPORTED),
    Subscription(POSTS_APPEALED, Priority.REPORTED),
    Subscription(POSTS_REPLAYED, Priority.REPLAY),
)
_PRIORITIES = {subscription.topic.contract: subscription.priority for subscription in SUBSCRIPTIONS}


def priority_of(event: Event) -> Priority:
    """Return the priority of an event of one of these topics."""
    return _PRIORITIES[type(event.body)]
