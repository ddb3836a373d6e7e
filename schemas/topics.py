"""All Kafka topics: the event type, partitions and retention of each."""

from dataclasses import dataclass, field

from schemas.base import Contract
from schemas.generation import GenerationFinished, GenerationRequested
from schemas.moderation import CaseChanged, DecisionMade, ReportsSurged
from schemas.posts import PostAppealed, PostCreated, PostReplayed, PostReported
from schemas.tags import PostTagged
from schemas.verdicts import ShadowVerdict, VerdictIssued

# Splits evenly among 1, 2, 3 or 6 consumers; increasing it would move keys to other partitions.
PARTITIONS = 6
MAX_EVENT_BYTES = 524_288  # the largest valid post event has 443,823; a broker accepts twice this by default
RETRY_SUFFIX = ".retry"  # only names of retry topics end like this
_DAY_MS = 24 * 60 * 60 * 1000


@dataclass(frozen=True)
class Topic:
    """A topic, its event contract (None for dead letters, which are raw records) and its broker settings."""

    name: str
    contract: type[Contract] | None
    about: str
    partitions: int = PARTITIONS
    config: dict[str, str] = field(default_factory=lambda: {"retention.ms": str(7 * _DAY_MS)})

    @property
    def event_type(self) -> str:
        """The CloudEvents ``type`` of the topic's events, for example ``fakeme.posts.created.v1``."""
        return f"fakeme.{self.name}.v1"

    def retry(self, worker: str) -> str:
        """Return the name of the topic on which events wait until ``worker`` tries them again.

        Each worker has its own: a topic that two consumer groups read and write would multiply events.
        """
        return f"{self.name}.{worker}{RETRY_SUFFIX}"

    @property
    def shared_retry(self) -> str:
        """The retry topic of release 0.1, common to all workers; still read, never written."""
        return self.name + RETRY_SUFFIX


POSTS_CREATED = Topic(
    "posts.created", PostCreated, "New posts that wait for a verdict before the platform shows them."
)
POSTS_REPORTED = Topic("posts.reported", PostReported, "Users' reports of posts.")
POSTS_APPEALED = Topic("posts.appealed", PostAppealed, "Authors' appeals against a tag.")
POSTS_REPLAYED = Topic("posts.replayed", PostReplayed, "Old posts to check again with the current model.")
MEDIA_VERDICTS = Topic("media.verdicts", VerdictIssued, "Verdicts of detection, one for each post event.")
MEDIA_VERDICTS_SHADOW = Topic(
    "media.verdicts.shadow",
    ShadowVerdict,
    "Verdicts of a model on trial on the same media items; for comparison only.",
)
POSTS_TAGS = Topic(
    "posts.tags",
    PostTagged,
    "Changes of posts' tags; compacted, so the latest change of every post is kept.",
    config={"cleanup.policy": "compact"},
)
REPORTS_SURGED = Topic("reports.surged", ReportsSurged, "Posts that many users reported within a short time.")
MODERATION_CASES = Topic("moderation.cases", CaseChanged, "Changes of moderation cases.")
MODERATION_DECISIONS = Topic(
    "moderation.decisions",
    DecisionMade,
    "Moderators' decisions; kept forever, because a decision overrides later verdicts.",
    config={"retention.ms": "-1"},
)
GENERATION_REQUESTED = Topic("generation.requested", GenerationRequested, "Requests for face swaps.")
GENERATION_RESULTS = Topic("generation.results", GenerationFinished, "Results of face swap requests.")

DEAD_LETTERS = Topic(
    "dead-letters",
    None,
    "Events that could not be read or processed: the original bytes and headers, with reason and origin.",
    # An oversized event must still fit after the headers with its origin are added.
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

# The workers that use retry topics, and the topics that they read. Each pair has one retry topic.
RETRIED: dict[str, tuple[Topic, ...]] = {
    "detection": (POSTS_CREATED, POSTS_REPORTED, POSTS_APPEALED, POSTS_REPLAYED),
    "moderation": (POSTS_REPORTED, POSTS_APPEALED, MEDIA_VERDICTS),
}


def retry_topic(topic: Topic, worker: str) -> Topic:
    """Return the topic on which events of ``topic`` wait until ``worker`` tries them again."""
    about = f"Events of {topic.name} that wait until {worker} tries them again."
    return Topic(topic.retry(worker), topic.contract, about, topic.partitions)


def origin_name(name: str) -> str:
    """Return the topic whose events the topic ``name`` carries: itself, unless it is a retry topic."""
    if not name.endswith(RETRY_SUFFIX):
        return name
    stem = name.removesuffix(RETRY_SUFFIX)
    if any(stem == topic.name for topic in EVENT_TOPICS):  # a shared retry topic of an earlier release
        return stem
    return stem.rpartition(".")[0]


RETRY_TOPICS: tuple[Topic, ...] = tuple(
    retry_topic(topic, worker) for worker, topics in RETRIED.items() for topic in topics
)
TOPICS: tuple[Topic, ...] = (*EVENT_TOPICS, *RETRY_TOPICS, DEAD_LETTERS)

BY_CONTRACT: dict[type[Contract], Topic] = {topic.contract: topic for topic in EVENT_TOPICS if topic.contract}
BY_EVENT_TYPE: dict[str, Topic] = {topic.event_type: topic for topic in EVENT_TOPICS}
