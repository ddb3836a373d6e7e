"""The SDK of a platform for asyncio: the blocking client's calls, awaited.

confluent-kafka's own ``AIOProducer`` (2.16) refuses headers, without which there is no CloudEvent, and its
``AIOConsumer`` runs each call in a thread, as is done here.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Generic, Self, TypeVar
from uuid import UUID

from pipeline.producers.client.follower import Follower
from pipeline.producers.client.platform_client import PUBLISH_SECONDS, PlatformClient
from pipeline.producers.client.uploads import S3Access
from schemas.base import Contract
from schemas.posts import Media, PostAppealed, PostCreated, PostEvent, PostReplayed, PostReported
from schemas.tags import PostTagged
from schemas.verdicts import VerdictIssued

C = TypeVar("C", bound=Contract)


class AsyncFollower(Generic[C]):
    """A :class:`Follower` to ``async for`` over."""

    def __init__(self, follower: Follower[C]) -> None:
        self._follower = follower

    async def __aiter__(self) -> AsyncIterator[C]:
        """Events until the timeout or :meth:`stop`."""
        events = iter(self._follower)
        while (event := await asyncio.to_thread(next, events, None)) is not None:
            yield event

    def stop(self) -> None:
        """End the iteration within a fraction of a second."""
        self._follower.stop()

    async def close(self) -> None:
        """Leave the broker."""
        await asyncio.to_thread(self._follower.close)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


class AsyncPlatformClient:
    """What :class:`PlatformClient` does, without blocking the event loop."""

    def __init__(
        self, bootstrap: str, *, source: str, s3: S3Access | None = None, timeout: float = PUBLISH_SECONDS
    ) -> None:
        self._client = PlatformClient(bootstrap, source=source, s3=s3, timeout=timeout)

    async def publish_post(self, post: PostCreated) -> UUID:
        """A post is about to be shown; returns the event's id."""
        return await self._publish(post)

    async def report(self, report: PostReported) -> UUID:
        """A user reports a post; returns the event's id."""
        return await self._publish(report)

    async def appeal(self, appeal: PostAppealed) -> UUID:
        """An author appeals against a tag or decision; returns the event's id."""
        return await self._publish(appeal)

    async def replay(self, replay: PostReplayed) -> UUID:
        """An old post is to be checked again when nobody else waits; returns the event's id."""
        return await self._publish(replay)

    async def publish_many(self, events: Iterable[PostEvent]) -> list[UUID]:
        """Publish in order and wait for all; returns their ids. Raises the first event's error."""
        return await asyncio.to_thread(self._client.publish_many, events)

    async def upload(
        self, content: Path | str | bytes, key: str | None = None, *, media_type: str | None = None
    ) -> Media:
        """Store a file or bytes in the platform's bucket; returns the media to put into a post."""
        return await asyncio.to_thread(self._client.upload, content, key, media_type=media_type)

    async def follow_verdicts(
        self,
        post_ids: Collection[str] | None = None,
        *,
        since: datetime | None = None,
        timeout: float | None = None,
    ) -> AsyncFollower[VerdictIssued]:
        """Verdicts from the moment this returns, or from ``since``."""
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
        """Changes of tags from the moment this returns, or from ``since``."""
        return AsyncFollower(
            await asyncio.to_thread(self._client.follow_tags, post_ids, since=since, timeout=timeout)
        )

    async def close(self) -> None:
        """Wait for what was sent, and leave."""
        await asyncio.to_thread(self._client.close)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _publish(self, event: PostEvent) -> UUID:
        return await asyncio.wrap_future(self._client.send(event))
