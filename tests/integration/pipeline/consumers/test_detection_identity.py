"""An event is identified by its source and id, its kind and its post: no answer goes to another event."""

from uuid import uuid4

import pytest
from sqlalchemy import Engine, update

from inference.detector import Detector
from pipeline.consumers.detection.consumer import Detection
from pipeline.demo import pictures
from schemas.verdicts import TriggerKind
from storage.database import transaction
from storage.objects import ObjectStore
from storage.tables import Verdict
from tests.integration.pipeline.consumers.detection_steps import (
    Platform,
    answer,
    appealed,
    created,
    make_detection,
    reported,
)


@pytest.fixture
def photo() -> bytes:
    return pictures.jpeg(pictures.no_face())


@pytest.mark.parametrize("together", [True, False], ids=["in one batch", "one after the other"])
def test_event_of_another_source_with_the_same_id_gets_its_own_verdict(
    detection: Detection, platform: Platform, photo: bytes, together: bool
) -> None:
    event_id, media = uuid4().hex, (platform.put(photo), platform.put(photo))
    posts = [uuid4().hex, uuid4().hex]
    events = [
        created(item, post_id=post, event_id=event_id, source=f"https://{number}.example")
        for number, (item, post) in enumerate(zip(media, posts, strict=True))
    ]

    verdicts = answer(detection, *events) if together else [answer(detection, one)[0] for one in events]

    assert [verdict.post_id for verdict in verdicts] == posts
    assert [verdict.media[0].uri for verdict in verdicts] == [item.uri for item in media]
    assert len({verdict.verdict_id for verdict in verdicts}) == 2
    assert [verdict.trigger.source for verdict in verdicts] == ["https://0.example", "https://1.example"]


def test_appeal_with_the_id_of_a_report_on_another_post_is_answered(
    detection: Detection, platform: Platform, photo: bytes
) -> None:
    event_id, posts = uuid4().hex, [uuid4().hex, uuid4().hex]
    for post in posts:
        answer(detection, created(platform.put(photo), post_id=post))

    (first,) = answer(detection, reported(posts[0], event_id=event_id))
    (second,) = answer(detection, appealed(posts[1], event_id=event_id))

    assert [first.post_id, second.post_id] == posts
    assert second.trigger.kind is TriggerKind.APPEALED


def test_same_post_reported_by_two_sources_under_one_id_gets_two_verdicts(
    detection: Detection, platform: Platform, photo: bytes
) -> None:
    event_id, post = uuid4().hex, uuid4().hex
    answer(detection, created(platform.put(photo), post_id=post))

    verdicts = answer(
        detection,
        reported(post, event_id=event_id, source="https://a.example"),
        reported(post, event_id=event_id, source="https://b.example"),
    )

    assert len({verdict.verdict_id for verdict in verdicts}) == 2


def test_verdict_stored_by_the_version_before_is_sent_again(
    detector: Detector, objects: ObjectStore, database: Engine, platform: Platform, photo: bytes
) -> None:
    # given a verdict without the source of its trigger, as the version before stored it
    detection = make_detection(detector, objects, database)
    post = created(platform.put(photo))
    (first,) = answer(detection, post)
    with transaction(database) as session:
        session.execute(update(Verdict).where(Verdict.trigger_event_id == post.id).values(trigger_source=""))

    # when the event is read again, and one of another post with the same id
    (again,) = answer(detection, post)
    (other,) = answer(detection, created(platform.put(photo), event_id=post.id))

    # then only the event of that post gets it
    assert again == first
    assert other.post_id != first.post_id
