"""The SDK against a real broker and a real object store."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from confluent_kafka import Producer

from pipeline.producers import AsyncPlatformClient, Follower, PlatformClient, S3Access
from pipeline.producers.client.errors import TopicMissingError, UploadError
from schemas.identity import post_event_id
from schemas.posts import Media, PostAppealed, PostCreated, PostReplayed, PostReported
from schemas.tags import CauseKind, Explanation, PostTagged, TagAction, TagCause
from schemas.topics import POSTS_APPEALED, POSTS_CREATED, POSTS_REPLAYED, POSTS_REPORTED, POSTS_TAGS, Topic

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
CAT = Media(uri="s3://platform-media/cat.jpg", media_type="image/jpeg")
TIMEOUT = 30.0


def post(post_id: str) -> PostCreated:
    return PostCreated(post_id=post_id, author_id="ann", media=(CAT,), created_at=NOW)


@pytest.fixture
def post_id() -> str:
    return f"sdk-{uuid4()}"


def test_followers_receive_the_published_events(
    platform: PlatformClient, kafka_bootstrap: str, post_id: str
) -> None:
    report = PostReported(
        report_id="r1", post_id=post_id, reporter_id="bob", reason="sexual", reported_at=NOW
    )
    appeal = PostAppealed(appeal_id="a1", post_id=post_id, author_id="ann", appealed_at=NOW)
    replay = PostReplayed(replay_id="x1", post_id=post_id, replayed_at=NOW)
    followers = [
        Follower(kafka_bootstrap, topic, kind, post_ids=[post_id], timeout=TIMEOUT)
        for topic, kind in (
            (POSTS_CREATED, PostCreated),
            (POSTS_REPORTED, PostReported),
            (POSTS_APPEALED, PostAppealed),
            (POSTS_REPLAYED, PostReplayed),
        )
    ]

    ids = [
        platform.publish_post(post(post_id)),
        platform.report(report),
        platform.appeal(appeal),
        platform.replay(replay),
    ]

    assert ids == [
        post_event_id("posts.created", post_id),
        post_event_id("posts.reported", "r1"),
        post_event_id("posts.appealed", "a1"),
        post_event_id("posts.replayed", "x1"),
    ]
    assert [next(iter(follower)) for follower in followers] == [post(post_id), report, appeal, replay]
    for follower in followers:
        follower.close()


def test_publish_many_publishes_every_post(platform: PlatformClient, kafka_bootstrap: str) -> None:
    ids = [f"sdk-{uuid4()}" for _ in range(300)]
    with Follower(kafka_bootstrap, POSTS_CREATED, PostCreated, post_ids=ids, timeout=TIMEOUT) as created:
        published = platform.publish_many(post(post_id) for post_id in ids)
        received = {next(iter(created)).post_id for _ in ids}

    assert len(set(published)) == 300
    assert received == set(ids)


def test_a_follower_starts_at_the_end_or_at_since(
    platform: PlatformClient, kafka_bootstrap: str, post_id: str
) -> None:
    before = datetime.now(UTC) - timedelta(seconds=1)
    platform.publish_post(post(post_id))

    with Follower(kafka_bootstrap, POSTS_CREATED, PostCreated, post_ids=[post_id], timeout=1.0) as from_now:
        assert list(from_now) == []
    with Follower(
        kafka_bootstrap, POSTS_CREATED, PostCreated, post_ids=[post_id], since=before, timeout=TIMEOUT
    ) as since:
        assert next(iter(since)) == post(post_id)


def test_a_follower_skips_unreadable_events(
    platform: PlatformClient, kafka_bootstrap: str, post_id: str
) -> None:
    with Follower(
        kafka_bootstrap, POSTS_CREATED, PostCreated, post_ids=[post_id], timeout=TIMEOUT
    ) as created:
        producer = Producer({"bootstrap.servers": kafka_bootstrap, "partitioner": "murmur2_random"})
        producer.produce(POSTS_CREATED.name, b"not an event", post_id.encode())
        assert producer.flush(TIMEOUT) == 0
        platform.publish_post(post(post_id))

        assert next(iter(created)) == post(post_id)


def test_tags_are_followed(platform: PlatformClient, kafka_bootstrap: str, post_id: str) -> None:
    from schemas.envelope import encode

    tag = PostTagged(
        tag_event_id=uuid4(),
        post_id=post_id,
        action=TagAction.ADD,
        why=Explanation(en="A face is forged.", ko="얼굴이 위조되었습니다."),
        cause=TagCause(kind=CauseKind.VERDICT, id=UUID(int=1)),
        tagged_at=NOW,
    )
    message = encode(tag, id=str(tag.tag_event_id), source="fakeme", key=post_id, time=NOW)
    with platform.follow_tags([post_id], timeout=TIMEOUT) as tags:
        producer = Producer({"bootstrap.servers": kafka_bootstrap})
        producer.produce(POSTS_TAGS.name, message.value, message.key, headers=list(message.headers))
        assert producer.flush(TIMEOUT) == 0

        assert next(iter(tags)) == tag


async def test_a_follower_without_a_timeout_can_be_cancelled(kafka_bootstrap: str, post_id: str) -> None:
    async with (
        AsyncPlatformClient(kafka_bootstrap, source="//a") as client,
        await client.follow_verdicts([post_id]) as verdicts,
    ):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(aiter(verdicts)), 0.5)


def test_a_missing_topic_is_named(kafka_bootstrap: str) -> None:
    missing = Topic("posts.nowhere", PostCreated, "")

    with pytest.raises(TopicMissingError, match=r"there is no topic posts\.nowhere"):
        Follower(kafka_bootstrap, missing, PostCreated)


async def test_the_async_client_uploads_publishes_and_follows(
    kafka_bootstrap: str, platform_access: S3Access, post_id: str
) -> None:
    async with AsyncPlatformClient(kafka_bootstrap, source="//a", s3=platform_access) as client:
        media = await client.upload(b"\x89PNG\r\n\x1a\nasync")
        verdicts = await client.follow_verdicts([post_id], timeout=0.5)
        async with verdicts:
            event_id = await client.publish_post(post(post_id))
            received = [verdict async for verdict in verdicts]

    assert media.media_type == "image/png"
    assert event_id == post_event_id("posts.created", post_id)
    assert received == []  # no detection worker runs


def test_an_upload_is_stored_and_described_by_its_content(platform: PlatformClient, s3: "object") -> None:
    content = b"\x89PNG\r\n\x1a\n" + uuid4().bytes

    media = platform.upload(content)

    assert media.media_type == "image/png"
    assert media.uri == f"s3://platform-media/{media.sha256[:2]}/{media.sha256}.png"
    stored = s3.get_object(Bucket=media.bucket, Key=media.key)
    assert stored["Body"].read() == content
    assert stored["ContentType"] == "image/png"
    assert platform.upload(content) == media


def test_a_key_without_write_access_is_reported(stack: "object", kafka_bootstrap: str) -> None:
    access = S3Access(stack.s3_endpoint, "NOBODY", "secret")

    with (
        PlatformClient(kafka_bootstrap, source="//a", s3=access) as client,
        pytest.raises(
            UploadError, match=r"s3://platform-media/k\.png was not stored at .*FAKEME_PLATFORM_S3"
        ),
    ):
        client.upload(b"\x89PNG\r\n\x1a\n", "k.png")
