"""Steps of the tests of detection: uploads as a platform makes them, events about them, and their answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any
from uuid import uuid4

from sqlalchemy import Engine

from inference.detector import Detector
from inference.media.limits import MediaLimits
from inference.sandbox import DecoderPool
from pipeline.consumers.detection.consumer import Detection
from pipeline.consumers.detection.evidence_uploads import EvidenceUploader
from pipeline.consumers.detection.known_media import KnownMedia
from pipeline.consumers.detection.known_media_follower import KnownMediaFollower
from pipeline.consumers.detection.match_rate import MatchRate
from pipeline.consumers.detection.media_decoder import MediaDecoder
from pipeline.consumers.detection.media_fetcher import MediaFetcher
from pipeline.consumers.detection.memory_budget import MemoryBudget
from pipeline.consumers.detection.signals import Signal
from pipeline.demo import pictures
from pipeline.settings import EvidenceSettings, ExplainSettings, RetrySettings
from schemas.base import Contract
from schemas.envelope import Event, decode, encode
from schemas.posts import Media, PostAppealed, PostCreated, PostReplayed, PostReported, ReportReason
from schemas.verdicts import VerdictIssued
from storage.objects import ObjectStore

BUCKET = "platform-media"
EVIDENCE = "fakeme-evidence"
LIMITS = MediaLimits(max_bytes=2_000_000, max_pixels=4_000_000, max_seconds=5.0)
MAX_ATTEMPTS = 3


def make_detection(
    detector: Detector,
    objects: ObjectStore,
    database: Engine,
    signals: Sequence[Signal] = (),
    uploader: EvidenceUploader | None = None,
    known: KnownMediaFollower | None = None,
) -> Detection:
    """Return detection with these parts and small limits."""
    return Detection(
        detector,
        make_fetcher(objects),
        make_decoder(),
        database,
        uploader or make_uploader(objects, database),
        known=known or make_known_media(database),
        explain=ExplainSettings(budget_seconds=60.0),
        source="test",
        unknown_post_tries=MAX_ATTEMPTS,
        signals=signals,
    )


def make_known_media(
    database: Engine, *, tag_similar: bool = False, limit: int = 1_000
) -> KnownMediaFollower:
    """Return the known media of now; no thread follows their changes."""
    media = KnownMedia(MatchRate(limit, lambda *_: None), tag_similar=tag_similar)
    url = database.url.render_as_string(hide_password=False)
    follower = KnownMediaFollower(url, database, media, retry=RetrySettings(first_delay_seconds=0.05))
    follower.refresh()
    return follower


def make_fetcher(objects: ObjectStore, max_bytes: int = LIMITS.max_bytes) -> MediaFetcher:
    """Return a fetcher from the media bucket."""
    return MediaFetcher(
        objects, allowed_buckets=(BUCKET,), max_bytes=max_bytes, budget=MemoryBudget(100_000_000)
    )


@cache
def make_decoder() -> MediaDecoder:
    """Return the decoder of all tests in this process; its processes end with it."""
    return MediaDecoder(DecoderPool(2), LIMITS, MemoryBudget(400_000_000))


def make_uploader(
    objects: ObjectStore, database: Engine, bucket: str = EVIDENCE, *, max_pending_files: int = 1_000
) -> EvidenceUploader:
    """Return the uploader of evidence; its thread is not started."""
    return EvidenceUploader(
        database,
        objects,
        bucket,
        settings=EvidenceSettings(max_pending_files=max_pending_files),
        retry=RetrySettings(first_delay_seconds=0.05, max_delay_seconds=0.2),
    )


@dataclass
class Platform:
    """Uploads media items as a platform would, and describes them."""

    s3: Any

    def put(self, data: bytes, media_type: str = "image/jpeg", **fields: Any) -> Media:
        key = f"test/{uuid4().hex}"
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=data, ContentType=media_type)
        return Media(uri=f"s3://{BUCKET}/{key}", media_type=media_type, **fields)


def event(body: Contract, post_id: str, *, event_id: str | None = None, source: str = "test") -> Event:
    """Return the event of ``body`` as a worker reads it."""
    now = datetime.now(UTC)
    message = encode(body, id=event_id or uuid4().hex, source=source, key=post_id, time=now)
    return decode(message.headers, message.value)


def created(*media: Media, post_id: str | None = None, **envelope: Any) -> Event:
    """Return the event of a new post."""
    post_id = post_id or uuid4().hex
    now = datetime.now(UTC)
    return event(
        PostCreated(post_id=post_id, author_id="a", media=media, created_at=now), post_id, **envelope
    )


def reported(post_id: str, *media: Media, **envelope: Any) -> Event:
    """Return the event of a report."""
    body = PostReported(
        report_id=uuid4().hex,
        post_id=post_id,
        reporter_id="r",
        reason=ReportReason.OTHER,
        media=media,
        reported_at=datetime.now(UTC),
    )
    return event(body, post_id, **envelope)


def appealed(post_id: str, *media: Media, **envelope: Any) -> Event:
    """Return the event of an author's appeal."""
    body = PostAppealed(
        appeal_id=uuid4().hex, post_id=post_id, author_id="a", media=media, appealed_at=datetime.now(UTC)
    )
    return event(body, post_id, **envelope)


def replayed(post_id: str, *media: Media) -> Event:
    """Return the event of a replay."""
    now = datetime.now(UTC)
    return event(PostReplayed(replay_id=uuid4().hex, post_id=post_id, media=media, replayed_at=now), post_id)


def answer(detection: Detection, *events: Event, attempt: int = 1) -> list[VerdictIssued]:
    """Return the verdicts on a batch of events."""
    handled = detection.handle([detection.prepare(event, attempt) for event in events])
    verdicts = []
    for result in handled:
        assert not isinstance(result, Exception)
        (message,) = result.messages
        body = decode(message.headers, message.value).body
        assert isinstance(body, VerdictIssued)
        verdicts.append(body)
    return verdicts


def portrait(quality: int = 92) -> bytes:
    """Return a JPEG of a face; another quality gives other bytes."""
    return pictures.jpeg(pictures.portrait(), quality=quality)
