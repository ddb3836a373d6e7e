"""The one list of topics: which events each carries, how it is partitioned and how long it is kept."""

from dataclasses import dataclass, field

from schemas.base import Contract
from schemas.generation import GenerationFinished, GenerationRequested
from schemas.moderation import CaseChanged, DecisionMade, ReportsSurged
from schemas.posts import PostAppealed, PostCreated, PostReplayed, PostReported
from schemas.tags import PostTagged
from schemas.verdicts import ShadowVerdict, VerdictIssued

PARTITIONS = 6  # divisible by 1, 2, 3 and 6 consumers; a topic's count cannot grow without moving keys
MAX_EVENT_BYTES = 524_288  # the largest valid post has 443,823; a broker takes twice this by default
RETRY_SUFFIX = ".retry"  # no topic of our own ends so otherwise
_DAY_MS = 24 * 60 * 60 * 1000


@dataclass(frozen=True)
class Topic:
    """A topic, the one event contract that it carries (none: raw dead letters) and its broker settings."""

    name: str
    contract: type[Contract] | None
    about: str
    partitions: int = PARTITIONS
    config: dict[str, str] = field(default_factory=lambda: {"retention.ms": str(7 * _DAY_MS)})

    @property
    def event_type(self) -> str:
        """The CloudEvents ``type`` of the events here, for example ``fakeme.posts.created.v1``."""
        return f"fakeme.{self.name}.v1"

    @property
    def retry(self) -> str:
        """Where events of this topic wait that could not be handled yet."""
        return self.name + RETRY_SUFFIX


POSTS_CREATED = Topic("posts.created", PostCreated, "Posts about to be shown; somebody waits.")
POSTS_REPORTED = Topic("posts.reported", PostReported, "Users' reports.")
POSTS_APPEALED = Topic("posts.appealed", PostAppealed, "Authors' appeals.")
POSTS_REPLAYED = Topic("posts.replayed", PostReplayed, "Old posts to be checked with the model of today.")
MEDIA_VERDICTS = Topic("media.verdicts", VerdictIssued, "What detection answers, one for each post event.")
MEDIA_VERDICTS_SHADOW = Topic(
    "media.verdicts.shadow",
    ShadowVerdict,
    "What a model on trial says of the same media; for comparison alone.",
)
POSTS_TAGS = Topic(
    "posts.tags",
    PostTagged,
    "The tag that each post should carry; compacted, so the last word on every post stays.",
    config={"cleanup.policy": "compact"},
)
REPORTS_SURGED = Topic("reports.surged", ReportsSurged, "Posts that many people report within a short time.")
MODERATION_CASES = Topic("moderation.cases", CaseChanged, "What happens to moderators' cases.")
MODERATION_DECISIONS = Topic(
    "moderation.decisions",
    DecisionMade,
    "What moderators decided; kept, since a decision outlives verdicts.",
    config={"retention.ms": "-1"},
)
GENERATION_REQUESTED = Topic("generation.requested", GenerationRequested, "Requests for face swaps.")
GENERATION_RESULTS = Topic("generation.results", GenerationFinished, "Answers to requests for face swaps.")

DEAD_LETTERS = Topic(
    "dead-letters",
    None,
    "Events that could not be read or handled: the original bytes and headers, with reason and origin.",
    # An oversize event must fit with the headers that say where it came from.
    config={"retention.ms": str(30 * _DAY_MS), "max.message.bytes": "2097152"},
)

EVENT_TOPICS: tuple[Topic, ...] = (
    POSTS_CREATED,
    POSTS_REPORTED,
    POSTS_APPEALED,
    POSTS_REPLAYED,
    MEDIA_VERDICTS,
    MEDIA_VERDICTS_SHADOW,
    POSTS_TAGS,
    REPORTS_SURGED,
    MODERATION_CASES,
    MODERATION_DECISIONS,
    GENERATION_REQUESTED,
    GENERATION_RESULTS,
)

# Topics that a consumer loop reads: each has a place for events that wait for another try.
RETRIED: tuple[Topic, ...] = (
    POSTS_CREATED,
    POSTS_REPORTED,
    POSTS_APPEALED,
    POSTS_REPLAYED,
    MEDIA_VERDICTS,
    REPORTS_SURGED,
)


def retry_topic(topic: Topic) -> Topic:
    """Return the topic on which events of ``topic`` wait for another try."""
    return Topic(
        topic.retry, topic.contract, f"Events of {topic.name} that wait for another try.", topic.partitions
    )


TOPICS: tuple[Topic, ...] = (*EVENT_TOPICS, *(retry_topic(topic) for topic in RETRIED), DEAD_LETTERS)

BY_CONTRACT: dict[type[Contract], Topic] = {topic.contract: topic for topic in EVENT_TOPICS if topic.contract}
BY_EVENT_TYPE: dict[str, Topic] = {topic.event_type: topic for topic in EVENT_TOPICS}
