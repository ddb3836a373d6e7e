"""The topics that tagging reads. Faust reads them all alike, so they have no priorities."""

from pipeline.runtime.consumer import Subscription
from schemas.topics import MEDIA_VERDICTS, MODERATION_DECISIONS, POSTS_REPORTED

SUBSCRIPTIONS = tuple(Subscription(topic) for topic in (MEDIA_VERDICTS, MODERATION_DECISIONS, POSTS_REPORTED))
