"""The topics that tagging reads. Faust does not support priorities, so these have none."""

from pipeline.runtime.consumer import Subscription
from schemas.topics import MEDIA_VERDICTS, MODERATION_DECISIONS

SUBSCRIPTIONS = tuple(Subscription(topic) for topic in (MEDIA_VERDICTS, MODERATION_DECISIONS))
