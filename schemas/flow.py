"""The writer and the readers of each topic. The topics are defined in :mod:`schemas.topics`."""

from dataclasses import dataclass
from enum import StrEnum

from schemas.topics import (
    GENERATION_REQUESTED,
    GENERATION_RESULTS,
    MEDIA_VERDICTS,
    MEDIA_VERDICTS_SHADOW,
    MODERATION_CASES,
    MODERATION_DECISIONS,
    POSTS_APPEALED,
    POSTS_CREATED,
    POSTS_REPLAYED,
    POSTS_REPORTED,
    POSTS_TAGS,
    REPORTS_SURGED,
    Topic,
)


class Party(StrEnum):
    """The platform, or one of FakeME's workers."""

    PLATFORM = "platform"
    DETECTION = "detection"
    TAGGING = "tagging"
    MODERATION = "moderation"
    GENERATION = "generation"


@dataclass(frozen=True)
class Flow:
    """A topic with its only writer and its readers; no readers if only operators use it."""

    topic: Topic
    writer: Party
    readers: tuple[Party, ...]

    @property
    def from_platform(self) -> bool:
        """Whether the platform writes the topic."""
        return self.writer is Party.PLATFORM


FLOWS: tuple[Flow, ...] = (
    Flow(POSTS_CREATED, Party.PLATFORM, (Party.DETECTION,)),
    Flow(POSTS_REPORTED, Party.PLATFORM, (Party.DETECTION, Party.MODERATION)),
    Flow(POSTS_APPEALED, Party.PLATFORM, (Party.DETECTION, Party.MODERATION)),
    Flow(POSTS_REPLAYED, Party.PLATFORM, (Party.DETECTION,)),
    Flow(MEDIA_VERDICTS, Party.DETECTION, (Party.TAGGING, Party.MODERATION, Party.PLATFORM)),
    Flow(MEDIA_VERDICTS_SHADOW, Party.DETECTION, ()),
    Flow(POSTS_TAGS, Party.TAGGING, (Party.PLATFORM,)),
    Flow(REPORTS_SURGED, Party.MODERATION, (Party.PLATFORM,)),
    Flow(MODERATION_CASES, Party.MODERATION, (Party.PLATFORM,)),
    Flow(MODERATION_DECISIONS, Party.MODERATION, (Party.TAGGING, Party.PLATFORM)),
    Flow(GENERATION_REQUESTED, Party.PLATFORM, (Party.GENERATION,)),
    Flow(GENERATION_RESULTS, Party.GENERATION, (Party.PLATFORM,)),
)

BY_TOPIC: dict[str, Flow] = {flow.topic.name: flow for flow in FLOWS}
