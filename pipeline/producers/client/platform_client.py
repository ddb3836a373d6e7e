"""The SDK of a platform, blocking: publish posts, reports and appeals, and follow what FakeME answers."""

from collections.abc import Collection, Iterable
from concurrent.futures import Future
from datetime import datetime
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import UUID

from pipeline.producers.client.errors import UploadError
from pipeline.producers.client.events import publication
from pipeline.producers.client.follower import Follower
from pipeline.producers.client.publisher import EventPublisher
from pipeline.producers.client.uploads import S3Access, Uploader
from schemas.posts import Media, PostAppealed, PostCreated, PostEvent, PostReplayed, PostReported
from schemas.tags import PostTagged
from schemas.topics import MEDIA_VERDICTS, POSTS_TAGS
from schemas.verdicts import VerdictIssued

PUBLISH_SECONDS = 60.0  # a broker that was killed is back after 12 s, on a busy machine after 38 s
_IN_FLIGHT = 10_000  # a tenth of what the Kafka client queues before it refuses


class PlatformClient:
    """Publishes events and follows answers; one for a process, safe from several threads.

    Publishing waits until the broker has the event for good, and may be repeated: the same post, report,
    appeal or replay always makes the same event id. Errors are those of ``pipeline.producers.client.errors``.
    """

    def __init__(
        self, bootstrap: str, *, source: str, s3: S3Access | None = None, timeout: float = PUBLISH_SECONDS
    ) -> None:
        """``bootstrap``: host:port of brokers; ``source``: URI reference naming the platform.

        ``s3`` is needed to :meth:`upload` alone; ``timeout``: seconds that a broker may take for an event.
        """
        self._bootstrap = bootstrap
        self._source = source
        self._publisher = EventPublisher(bootstrap, timeout=timeout)
        self._uploader = Uploader(s3) if s3 else None

    def publish_post(self, post: PostCreated) -> UUID:
        """A post is about to be shown; returns the event's id."""
        return self.send(post).result()

    def report(self, report: PostReported) -> UUID:
        """A user reports a post; returns the event's id."""
        return self.send(report).result()

    def appeal(self, appeal: PostAppealed) -> UUID:
        """An author appeals against a tag or decision; returns the event's id."""
        return self.send(appeal).result()

    def replay(self, replay: PostReplayed) -> UUID:
        """An old post is to be checked again when nobody else waits; returns the event's id."""
        return self.send(replay).result()

    def publish_many(self, events: Iterable[PostEvent]) -> list[UUID]:
        """Publish in order and wait for all; returns their ids. Raises the first event's error."""
        rest, ids = iter(events), list[UUID]()
        while sent := [self.send(event) for event in islice(rest, _IN_FLIGHT)]:
            ids += [outcome.result() for outcome in sent]
        return ids

    def send(self, event: PostEvent) -> Future[UUID]:
        """Publish without waiting; the future gives the event's id once the broker has it."""
        return self._publisher.send(publication(event, self._source))

    def upload(
        self, content: Path | str | bytes, key: str | None = None, *, media_type: str | None = None
    ) -> Media:
        """Store a file or bytes in the platform's bucket; returns the media to put into a post."""
        if self._uploader is None:
            raise UploadError("this client knows no object storage: make it with s3=S3Access(...)")
        return self._uploader.upload(content, key, media_type=media_type)

    def follow_verdicts(
        self,
        post_ids: Collection[str] | None = None,
        *,
        since: datetime | None = None,
        timeout: float | None = None,
    ) -> Follower[VerdictIssued]:
        """Verdicts from now on, or from ``since``; see :class:`~.follower.Follower`."""
        return Follower(
            self._bootstrap, MEDIA_VERDICTS, VerdictIssued, post_ids=post_ids, since=since, timeout=timeout
        )

    def follow_tags(
        self,
        post_ids: Collection[str] | None = None,
        *,
        since: datetime | None = None,
        timeout: float | None = None,
    ) -> Follower[PostTagged]:
        """Changes of tags from now on, or from ``since``; otherwise as :meth:`follow_verdicts`."""
        return Follower(
            self._bootstrap, POSTS_TAGS, PostTagged, post_ids=post_ids, since=since, timeout=timeout
        )

    @property
    def broken(self) -> bool:
        """Whether publishing failed for good (rare: the broker lost what it had acknowledged)."""
        return self._publisher.broken

    def reachable(self, timeout: float = 2.0) -> bool:
        """Whether a broker answers within ``timeout`` seconds."""
        return self._publisher.reachable(timeout)

    def close(self) -> None:
        """Wait for what was sent, and leave."""
        self._publisher.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
