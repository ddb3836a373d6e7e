"""Shadow mode on real services: shadow verdicts are published on their own topic and have no effect."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, cast
from uuid import uuid4

import pytest
from confluent_kafka import Message as KafkaMessage
from sqlalchemy import Engine, func, select
from typer.testing import CliRunner

from inference.checkpoint import Checkpoint, default_model_dir
from inference.detector import Detector
from infra.local.stack import Endpoints
from pipeline.cli.models import commands
from pipeline.consumers.detection.consumer import Detection
from pipeline.consumers.detection.shadow import Shadow
from pipeline.demo import pictures
from pipeline.runtime.consumer import Answer
from pipeline.runtime.kafka import RecordPublisher, make_producer
from pipeline.settings import ExplainSettings, Settings
from schemas.envelope import Event, Message, decode, encode
from schemas.posts import Media, PostCreated
from schemas.verdicts import ShadowVerdict, VerdictIssued
from storage.database import connect, transaction
from storage.objects import ObjectStore
from storage.tables import AnalysisRow, Case, OutboxRow, PostTag, Verdict
from tests.integration.pipeline.consumers.detection_steps import (
    make_decoder,
    make_fetcher,
    make_known_media,
    make_uploader,
)
from tests.unit.inference.random_checkpoint import random_checkpoint

ReadTopic = Callable[[str, str], list[KafkaMessage]]
BUCKET = "platform-media"
SHADOW_NAME = "shadow"
TIMEOUT_SECONDS = 60.0  # enough for the shadow thread on a busy machine


class FailingDetector:
    """A shadow model that fails for every media item."""

    def analyse_again(self, media: object, before: object) -> list[Any]:
        raise RuntimeError("the shadow model is broken")


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Detector.load(default_model_dir(), "cpu")


@pytest.fixture(scope="module")
def shadow_detector() -> Detector:
    """A model that labels every face as forged."""
    checkpoint = random_checkpoint(tag=0.0, suspect=0.0)
    card = checkpoint.card.model_copy(update={"name": SHADOW_NAME, "version": "2"})
    return Detector(Checkpoint(card, checkpoint.network), "cpu")


@pytest.fixture(scope="module")
def database(database_url: str) -> Engine:
    return connect(database_url)


@pytest.fixture
def publish(kafka_bootstrap: str) -> Callable[[Message], None]:
    publisher = RecordPublisher(make_producer(kafka_bootstrap, "test-verdicts"))

    def send(message: Message) -> None:
        publisher.send(message, lambda: None, pytest.fail)
        assert publisher.flush(TIMEOUT_SECONDS) == 0

    return send


@pytest.fixture
def make_detection(
    stack: Endpoints, database: Engine, detector: Detector, kafka_bootstrap: str
) -> Iterator[Callable[[object], tuple[Detection, Shadow]]]:
    """``make_detection(model)`` returns detection with this shadow model."""
    objects = ObjectStore(stack.s3_endpoint, "us-east-1", stack.s3_access_key, stack.s3_secret_key)
    shadows: list[Shadow] = []

    def make(model: object) -> tuple[Detection, Shadow]:
        publisher = RecordPublisher(make_producer(kafka_bootstrap, "test-shadow"))
        shadows.append(Shadow(lambda: cast(Detector, model), publisher, source="test"))
        detection = Detection(
            detector,
            make_fetcher(objects),
            make_decoder(),
            database,
            make_uploader(objects, database),
            known=make_known_media(database),
            explain=ExplainSettings(enabled=False),
            source="test",
            unknown_post_tries=1,
            shadow=shadows[-1],
        )
        return detection, shadows[-1]

    yield make
    for shadow in shadows:
        shadow.close(TIMEOUT_SECONDS)


@pytest.fixture
def post(platform_s3: Any) -> Callable[[bytes], Event]:
    """``post(picture)`` returns the event of a new post with that picture."""

    def make(picture: bytes) -> Event:
        post_id = uuid4().hex
        platform_s3.put_object(Bucket=BUCKET, Key=f"test/{post_id}", Body=picture, ContentType="image/jpeg")
        media = Media(uri=f"s3://{BUCKET}/test/{post_id}", media_type="image/jpeg")
        now = datetime.now(UTC)
        body = PostCreated(post_id=post_id, author_id="a", media=(media,), created_at=now)
        message = encode(body, id=uuid4().hex, source="test", key=post_id, time=now)
        return decode(message.headers, message.value)

    return make


def answer(detection: Detection, event: Event) -> tuple[VerdictIssued, Message]:
    (handled,) = detection.handle([detection.prepare(event, 1)])
    assert isinstance(handled, Answer)
    (message,) = handled.messages
    body = decode(message.headers, message.value).body
    assert isinstance(body, VerdictIssued)
    return body, message


def count_rows(database: Engine, table: type, *conditions: Any) -> int:
    with transaction(database) as session:
        return session.scalar(select(func.count()).select_from(table).where(*conditions)) or 0


def test_shadow_verdict_is_published_and_has_no_other_effect(
    make_detection: Callable[[object], tuple[Detection, Shadow]],
    post: Callable[[bytes], Event],
    shadow_detector: Detector,
    database: Engine,
    read_topic: ReadTopic,
) -> None:
    detection, shadow = make_detection(shadow_detector)

    # when a post is analysed
    verdict, _ = answer(detection, post(pictures.jpeg(pictures.portrait(), quality=81)))
    shadow.close(TIMEOUT_SECONDS)

    # then the shadow verdict refers to the verdict and covers the same face
    (record,) = read_topic("media.verdicts.shadow", verdict.post_id)
    shadow_verdict = decode(record.headers(), record.value()).body
    assert isinstance(shadow_verdict, ShadowVerdict)
    assert shadow_verdict.verdict_id == verdict.verdict_id
    assert (shadow_verdict.model.name, shadow_verdict.label.value) == (SHADOW_NAME, "deepfake")
    assert shadow_verdict.media[0].sha256 == verdict.media[0].sha256
    assert shadow_verdict.media[0].faces[0].box == verdict.media[0].faces[0].box
    assert shadow_verdict.media[0].evidence == ()
    assert dict(record.headers())["ce_id"] == str(shadow_verdict.shadow_id).encode()

    # and nothing else was written or published
    for table in (Verdict, AnalysisRow):
        assert count_rows(database, table, table.analysis_identity.startswith(f"{SHADOW_NAME}@2")) == 0
    assert [count_rows(database, table) for table in (PostTag, Case, OutboxRow)] == [0, 0, 0]
    assert read_topic("posts.tags", verdict.post_id) == read_topic("moderation.cases", verdict.post_id) == []


def test_failing_shadow_model_does_not_change_the_verdict(
    make_detection: Callable[[object], tuple[Detection, Shadow]],
    post: Callable[[bytes], Event],
    detector: Detector,
    read_topic: ReadTopic,
) -> None:
    picture = pictures.jpeg(pictures.portrait(), quality=82)
    detection, shadow = make_detection(FailingDetector())

    verdict, _ = answer(detection, post(picture))
    shadow.close(TIMEOUT_SECONDS)

    from inference.media import decode as decode_media

    (expected,) = detector.analyse([decode_media(picture)])
    assert (verdict.label, verdict.score) == (expected.label, expected.score)
    assert read_topic("media.verdicts.shadow", verdict.post_id) == []


def test_repeated_event_gets_no_second_shadow_verdict(
    make_detection: Callable[[object], tuple[Detection, Shadow]],
    post: Callable[[bytes], Event],
    shadow_detector: Detector,
    read_topic: ReadTopic,
) -> None:
    detection, shadow = make_detection(shadow_detector)
    event = post(pictures.jpeg(pictures.portrait(), quality=83))

    first, _ = answer(detection, event)
    again, _ = answer(detection, event)
    shadow.close(TIMEOUT_SECONDS)

    assert first == again
    assert len(read_topic("media.verdicts.shadow", first.post_id)) == 1


def test_compare_reports_where_the_models_differ(
    make_detection: Callable[[object], tuple[Detection, Shadow]],
    post: Callable[[bytes], Event],
    shadow_detector: Detector,
    publish: Callable[[Message], None],
    kafka_bootstrap: str,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # given a portrait that only the shadow model labels as forged
    detection, shadow = make_detection(shadow_detector)
    verdict, message = answer(detection, post(pictures.jpeg(pictures.portrait(), quality=84)))
    publish(message)
    shadow.close(TIMEOUT_SECONDS)

    # when the models are compared
    settings = Settings(kafka_bootstrap=kafka_bootstrap, database_url=database_url)
    monkeypatch.setattr("pipeline.settings.load_settings", lambda: settings)
    result = CliRunner().invoke(commands, ["compare", "--since", "1h", "--limit", "1000", "--json"])

    # then the portrait is among the most different posts
    assert result.exit_code == 0, result.output
    (comparison,) = [
        entry for entry in json.loads(result.stdout) if entry["shadow_model"] == f"{SHADOW_NAME}@2"
    ]
    assert comparison["model"] == f"{verdict.model.name}@{verdict.model.version}"
    (portrait,) = [post for post in comparison["most_different"] if post["post_id"] == verdict.post_id]
    assert (portrait["verdict"]["label"], portrait["shadow"]["label"]) == ("authentic", "deepfake")
    assert portrait["verdict"]["score"] == verdict.score
    assert {"verdict": "authentic", "shadow": "deepfake", "media": 1} in comparison["labels"]


@pytest.mark.parametrize(
    ("since", "message"), [("soon", "is not a duration such as"), ("1w", "is no time such as")]
)
def test_compare_rejects_an_invalid_time(since: str, message: str) -> None:
    result = CliRunner().invoke(commands, ["compare", "--since", since])

    assert result.exit_code == 2
    assert "is not a duration such as" in result.output
