"""The SDK for asyncio: runs the calls of the blocking client in threads.

confluent-kafka's ``AIOProducer`` (2.16) does not support headers, which CloudEvents need, and its
``AIOConsumer`` also runs each call in a thread.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Generic, Self, TypeVar
from uuid import UUID

from infra.brokers import Brokers
from pipeline.producers.client.follower import Follower
from pipeline.producers.client.platform_client import PUBLISH_SECONDS, PlatformClient
from pipeline.producers.client.uploads import S3Access
from schemas.base import Contract
from schemas.posts import Media, PostAppealed, PostCreated, PostEvent, PostReplayed, PostReported
from schemas.tags import PostTagged
from schemas.verdicts import VerdictIssued

C = TypeVar("C", bound=Contract)


class AsyncFollower(Generic[C]):
    """A :class:`Follower` for ``async for``."""

    def __init__(self, follower: Follower[C]) -> None:
        self._follower = follower

    async def __aiter__(self) -> AsyncIterator[C]:
        """Yield events until the timeout or :meth:`stop`."""
        events = iter(self._follower)
        while (event := await asyncio.to_thread(next, events, None)) is not None:
            yield event

    def stop(self) -> None:
        """End the iteration within a fraction of a second."""
        self._follower.stop()

    async def close(self) -> None:
        """Close the connection to the broker."""
        await asyncio.to_thread(self._follower.close)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


class AsyncPlatformClient:
    """The methods of :class:`PlatformClient`, without blocking the event loop."""

    def __init__(
        self,
        bootstrap: str | Brokers,
        *,
        source: str,
        s3: S3Access | None = None,
        timeout: float = PUBLISH_SECONDS,
    ) -> None:
        self._client = PlatformClient(bootstrap, source=source, s3=s3, timeout=timeout)

    async def publish_post(self, post: PostCreated) -> UUID:
        """Publish a post before it is shown; return the event id."""
        return await self._publish(post)

    async def report(self, report: PostReported) -> UUID:
        """Publish a user's report of a post; return the event id."""
        return await self._publish(report)

    async def appeal(self, appeal: PostAppealed) -> UUID:
        """Publish an author's appeal against a tag or decision; return the event id."""
        return await self._publish(appeal)

    async def replay(self, replay: PostReplayed) -> UUID:
        """Request another check of an old post, at low priority; return the event id."""
        return await self._publish(replay)

    async def publish_many(self, events: Iterable[PostEvent]) -> list[UUID]:
        """Publish events in order, wait for all of them and return their ids; raises the first error."""
        return await asyncio.to_thread(self._client.publish_many, events)

    async def upload(
        self, content: Path | str | bytes, key: str | None = None, *, media_type: str | None = None
    ) -> Media:
        """Store a file or bytes in the platform's bucket; return the media item to put into a post."""
        return await asyncio.to_thread(self._client.upload, content, key, media_type=media_type)

    async def follow_verdicts(
        self,
        post_ids: Collection[str] | None = None,
        *,
        since: datetime | None = None,
        timeout: float | None = None,
    ) -> AsyncFollower[VerdictIssued]:
        """Follow verdicts that are issued after this call returns, or since ``since``."""
        return AsyncFollower(
            await asyncio.to_thread(self._client.follow_verdicts, post_ids, since=since, timeout=timeout)
        )

    async def follow_tags(
        self,
        post_ids: Collection[str] | None = None,
        *,
        since: datetime | None = None,
        timeout: float | None = None,
    ) -> AsyncFollower[PostTagged]:
        """Follow tag changes that are made after this call returns, or since ``since``."""
        return AsyncFollower(
            await asyncio.to_thread(self._client.follow_tags, post_ids, since=since, timeout=timeout)
        )

    async def close(self) -> None:
        """Wait for delivery of the sent events, then close the connection."""
        await asyncio.to_thread(self._client.close)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _publish(self, event: PostEvent) -> UUID:
        return await asyncio.wrap_future(self._client.send(event))
