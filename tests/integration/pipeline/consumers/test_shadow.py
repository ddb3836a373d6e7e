"""Shadow mode on real services: a model on trial says its word on its topic, and nobody acts on it."""

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
from inference.media.limits import MediaLimits
from infra.local.stack import Endpoints
from pipeline.cli.models import commands
from pipeline.consumers.detection.analyser import EvidenceStore
from pipeline.consumers.detection.consumer import Detection
from pipeline.consumers.detection.media_fetcher import MediaFetcher
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
from tests.unit.inference.random_checkpoint import random_checkpoint

ReadTopic = Callable[[str, str], list[KafkaMessage]]
BUCKET = "platform-media"
TRIAL = "trial"
SECONDS = 60.0  # for a shadow to finish on a busy machine


class Crashing:
    """A model that fails at every media."""

    def analyse_again(self, media: object, before: object) -> list[Any]:
        raise RuntimeError("the model on trial is broken")


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Detector.load(default_model_dir(), "cpu")


@pytest.fixture(scope="module")
def trial() -> Detector:
    """A model that finds every face forged."""
    checkpoint = random_checkpoint(tag=0.0, suspect=0.0)
    card = checkpoint.card.model_copy(update={"name": TRIAL, "version": "2"})
    return Detector(Checkpoint(card, checkpoint.network), "cpu")


@pytest.fixture(scope="module")
def database(database_url: str) -> Engine:
    return connect(database_url)


@pytest.fixture
def publish(kafka_bootstrap: str) -> Callable[[Message], None]:
    publisher = RecordPublisher(make_producer(kafka_bootstrap, "test-verdicts"))

    def send(message: Message) -> None:
        publisher.send(message, lambda: None, pytest.fail)
        assert publisher.flush(SECONDS) == 0

    return send


@pytest.fixture
def make_detection(
    stack: Endpoints, database: Engine, detector: Detector, kafka_bootstrap: str
) -> Iterator[Callable[[object], tuple[Detection, Shadow]]]:
    """Detection with a shadow of this model."""
    objects = ObjectStore(stack.s3_endpoint, "us-east-1", stack.s3_access_key, stack.s3_secret_key)
    shadows: list[Shadow] = []

    def make(second: object) -> tuple[Detection, Shadow]:
        publisher = RecordPublisher(make_producer(kafka_bootstrap, "test-shadow"))
        shadows.append(Shadow(lambda: cast(Detector, second), publisher, source="test"))
        detection = Detection(
            detector,
            MediaFetcher(objects, allowed_buckets=(BUCKET,), max_bytes=2_000_000),
            database,
            EvidenceStore(objects, "fakeme-evidence", ExplainSettings(enabled=False)),
            limits=MediaLimits(),
            source="test",
            unknown_post_tries=1,
            shadow=shadows[-1],
        )
        return detection, shadows[-1]

    yield make
    for shadow in shadows:
        shadow.close(SECONDS)


@pytest.fixture
def post(platform_s3: Any) -> Callable[[bytes], Event]:
    """``post(picture)``: the event of a post with that picture."""

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


def rows(database: Engine, table: type, *conditions: Any) -> int:
    with transaction(database) as session:
        return session.scalar(select(func.count()).select_from(table).where(*conditions)) or 0


def test_shadow_says_its_word_on_its_topic_alone(
    make_detection: Callable[[object], tuple[Detection, Shadow]],
    post: Callable[[bytes], Event],
    trial: Detector,
    database: Engine,
    read_topic: ReadTopic,
) -> None:
    detection, shadow = make_detection(trial)

    # when a post is judged
    verdict, _ = answer(detection, post(pictures.jpeg(pictures.portrait(), quality=81)))
    shadow.close(SECONDS)

    # then the model on trial has judged the same face, beside that verdict
    (record,) = read_topic("media.verdicts.shadow", verdict.post_id)
    said = decode(record.headers(), record.value()).body
    assert isinstance(said, ShadowVerdict)
    assert (said.verdict_id, said.model.name, said.label.value) == (verdict.verdict_id, TRIAL, "deepfake")
    assert said.media[0].sha256 == verdict.media[0].sha256
    assert said.media[0].faces[0].box == verdict.media[0].faces[0].box
    assert said.media[0].evidence == ()
    assert dict(record.headers())["ce_id"] == str(said.shadow_id).encode()

    # and nothing came of it
    assert rows(database, Verdict, Verdict.analysis_identity.startswith(f"{TRIAL}@2")) == 0
    assert rows(database, AnalysisRow, AnalysisRow.analysis_identity.startswith(f"{TRIAL}@2")) == 0
    assert (rows(database, PostTag), rows(database, Case), rows(database, OutboxRow)) == (0, 0, 0)
    assert read_topic("posts.tags", verdict.post_id) == read_topic("moderation.cases", verdict.post_id) == []


def test_verdict_is_the_same_with_a_shadow_that_crashes(
    make_detection: Callable[[object], tuple[Detection, Shadow]],
    post: Callable[[bytes], Event],
    detector: Detector,
    read_topic: ReadTopic,
) -> None:
    picture = pictures.jpeg(pictures.portrait(), quality=82)
    detection, shadow = make_detection(Crashing())

    verdict, _ = answer(detection, post(picture))
    shadow.close(SECONDS)

    from inference.media import decode as decode_media

    (alone,) = detector.analyse([decode_media(picture)])
    assert (verdict.label, verdict.score) == (alone.label, alone.score)
    assert read_topic("media.verdicts.shadow", verdict.post_id) == []


def test_a_verdict_that_is_given_again_has_no_second_shadow(
    make_detection: Callable[[object], tuple[Detection, Shadow]],
    post: Callable[[bytes], Event],
    trial: Detector,
    read_topic: ReadTopic,
) -> None:
    detection, shadow = make_detection(trial)
    event = post(pictures.jpeg(pictures.portrait(), quality=83))

    first, _ = answer(detection, event)
    again, _ = answer(detection, event)
    shadow.close(SECONDS)

    assert first == again
    assert len(read_topic("media.verdicts.shadow", first.post_id)) == 1


def test_compare_reports_where_the_models_differ(
    make_detection: Callable[[object], tuple[Detection, Shadow]],
    post: Callable[[bytes], Event],
    trial: Detector,
    publish: Callable[[Message], None],
    kafka_bootstrap: str,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # given a portrait that the model on trial alone finds forged
    detection, shadow = make_detection(trial)
    verdict, message = answer(detection, post(pictures.jpeg(pictures.portrait(), quality=84)))
    publish(message)
    shadow.close(SECONDS)

    # when they are compared
    settings = Settings(kafka_bootstrap=kafka_bootstrap, database_url=database_url)
    monkeypatch.setattr("pipeline.settings.load_settings", lambda: settings)
    shown = CliRunner().invoke(commands, ["compare", "--since", "1h", "--limit", "1000", "--json"])

    # then that portrait is among the most different
    assert shown.exit_code == 0, shown.output
    (found,) = [each for each in json.loads(shown.stdout) if each["shadow_model"] == f"{TRIAL}@2"]
    assert found["model"] == f"{verdict.model.name}@{verdict.model.version}"
    (portrait,) = [each for each in found["most_different"] if each["post_id"] == verdict.post_id]
    assert (portrait["verdict"]["label"], portrait["shadow"]["label"]) == ("authentic", "deepfake")
    assert portrait["verdict"]["score"] == verdict.score
    assert {"verdict": "authentic", "shadow": "deepfake", "media": 1} in found["labels"]


@pytest.mark.parametrize(("since", "message"), [("soon", "is no time such as"), ("1w", "is no time such as")])
def test_compare_refuses_what_is_no_time(since: str, message: str) -> None:
    shown = CliRunner().invoke(commands, ["compare", "--since", since])

    assert shown.exit_code == 2
    assert message in shown.output
