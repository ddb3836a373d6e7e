"""The blocking SDK: publish posts, reports and appeals, and follow verdicts and tags."""

from collections.abc import Collection, Iterable
from concurrent.futures import Future
from datetime import datetime
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import UUID

from infra.brokers import Brokers
from pipeline.producers.client.errors import UploadError
from pipeline.producers.client.events import publication
from pipeline.producers.client.follower import Follower
from pipeline.producers.client.publisher import EventPublisher
from pipeline.producers.client.uploads import S3Access, Uploader
from schemas.posts import Media, PostAppealed, PostCreated, PostEvent, PostReplayed, PostReported
from schemas.tags import PostTagged
from schemas.topics import MEDIA_VERDICTS, POSTS_TAGS
from schemas.verdicts import VerdictIssued

PUBLISH_SECONDS = 60.0  # a killed broker restarts within 12 s, or 38 s on a busy machine
_IN_FLIGHT = 10_000  # a tenth of the Kafka client's queue limit


class PlatformClient:
    """Publishes events and follows answers. Thread-safe; create one client per process.

    Publishing waits until the broker has stored the event. It is safe to repeat, because event ids are
    deterministic: the same post, report, appeal or replay always has the same id. Methods raise the errors
    of ``pipeline.producers.client.errors``.
    """

    def __init__(
        self,
        bootstrap: str | Brokers,
        *,
        source: str,
        s3: S3Access | None = None,
        timeout: float = PUBLISH_SECONDS,
    ) -> None:
        """``bootstrap``: host:port of brokers, or with TLS or SASL :class:`Brokers`.

        ``source``: URI reference that names the platform.

        ``s3`` is needed only for :meth:`upload`. ``timeout``: seconds until an undelivered event fails.
        """
        self._bootstrap = bootstrap
        self._source = source
        self._publisher = EventPublisher(bootstrap, timeout=timeout)
        self._uploader = Uploader(s3) if s3 else None

    def publish_post(self, post: PostCreated) -> UUID:
        """Publish a post before it is shown; return the event id."""
        return self.send(post).result()

    def report(self, report: PostReported) -> UUID:
        """Publish a user's report of a post; return the event id."""
        return self.send(report).result()

    def appeal(self, appeal: PostAppealed) -> UUID:
        """Publish an author's appeal against a tag or decision; return the event id."""
        return self.send(appeal).result()

    def replay(self, replay: PostReplayed) -> UUID:
        """Request another check of an old post, at low priority; return the event id."""
        return self.send(replay).result()

    def publish_many(self, events: Iterable[PostEvent]) -> list[UUID]:
        """Publish events in order, wait for all of them and return their ids; raises the first error."""
        remaining, ids = iter(events), list[UUID]()
        while deliveries := [self.send(event) for event in islice(remaining, _IN_FLIGHT)]:
            ids += [delivery.result() for delivery in deliveries]
        return ids

    def send(self, event: PostEvent) -> Future[UUID]:
        """Publish without waiting; return a future of the event id, done when the event is stored."""
        return self._publisher.send(publication(event, self._source))

    def upload(
        self, content: Path | str | bytes, key: str | None = None, *, media_type: str | None = None
    ) -> Media:
        """Store a file or bytes in the platform's bucket; return the media item to put into a post."""
        if self._uploader is None:
            raise UploadError("this client has no object storage: create it with s3=S3Access(...)")
        return self._uploader.upload(content, key, media_type=media_type)

    def follow_verdicts(
        self,
        post_ids: Collection[str] | None = None,
        *,
        since: datetime | None = None,
        timeout: float | None = None,
    ) -> Follower[VerdictIssued]:
        """Follow verdicts from now on, or since ``since``; see :class:`~.follower.Follower`."""
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
        """Follow tag changes from now on, or since ``since``; see :class:`~.follower.Follower`."""
        return Follower(
            self._bootstrap, POSTS_TAGS, PostTagged, post_ids=post_ids, since=since, timeout=timeout
        )

    @property
    def broken(self) -> bool:
        """Whether publishing failed permanently (rare: the broker lost events that it had acknowledged)."""
        return self._publisher.broken

    def reachable(self, timeout: float = 2.0) -> bool:
        """Whether a broker answers within ``timeout`` seconds."""
        return self._publisher.reachable(timeout)

    def close(self) -> None:
        """Wait for delivery of the sent events, then close the connection."""
        self._publisher.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
