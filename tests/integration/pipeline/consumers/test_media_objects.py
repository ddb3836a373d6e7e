"""An object that did not change since it was analysed is not downloaded again."""

from collections import Counter
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Engine

from inference.detector import Detector
from pipeline.consumers.detection.consumer import Detection
from pipeline.demo import pictures
from schemas.verdicts import Label, UnprocessableReason
from storage.objects import ObjectStore
from tests.integration.pipeline.consumers.detection_steps import (
    BUCKET,
    Platform,
    answer,
    created,
    make_detection,
    portrait,
    reported,
)


@pytest.fixture
def requests(objects: ObjectStore) -> Counter[str]:
    """The number of S3 requests by operation, counted where botocore sends them."""
    count: Counter[str] = Counter()
    events = objects._client.meta.events

    def note(model: Any, **_: Any) -> None:
        count[model.name] += 1

    events.register("before-call.s3", note)
    yield count
    events.unregister("before-call.s3", note)


def test_ten_reports_of_an_analysed_post_download_nothing(
    detection: Detection, platform: Platform, requests: Counter[str]
) -> None:
    post = uuid4().hex
    answer(detection, created(platform.put(portrait(52)), platform.put(portrait(53)), post_id=post))
    requests.clear()

    verdicts = [answer(detection, reported(post))[0] for _ in range(10)]

    assert requests == {"HeadObject": 20}
    assert all(item.reused for verdict in verdicts for item in verdict.media)


def test_object_replaced_under_the_same_key_is_analysed_anew(
    detection: Detection, platform: Platform, platform_s3: Any
) -> None:
    post = uuid4().hex
    media = platform.put(portrait(54))
    (before,) = answer(detection, created(media, post_id=post))

    platform_s3.put_object(Bucket=BUCKET, Key=media.key, Body=pictures.jpeg(pictures.no_face(), 54))
    (after,) = answer(detection, reported(post))

    assert (before.media[0].label, after.media[0].label) == (Label.AUTHENTIC, Label.NO_FACE)
    assert before.media[0].sha256 != after.media[0].sha256
    assert not after.media[0].reused


def test_object_replaced_by_bytes_of_the_same_size_is_analysed_anew(
    detection: Detection, platform: Platform, platform_s3: Any
) -> None:
    post, first = uuid4().hex, portrait(55)
    media = platform.put(first)
    (before,) = answer(detection, created(media, post_id=post))

    second = first[:-2] + b"\x00" + first[-1:]
    platform_s3.put_object(Bucket=BUCKET, Key=media.key, Body=second)
    (after,) = answer(detection, reported(post))

    assert before.media[0].sha256 != after.media[0].sha256


def test_deleted_object_is_missing_though_its_analysis_is_stored(
    detection: Detection, platform: Platform, platform_s3: Any
) -> None:
    post, media = uuid4().hex, platform.put(portrait(56))
    answer(detection, created(media, post_id=post))

    platform_s3.delete_object(Bucket=BUCKET, Key=media.key)
    (after,) = answer(detection, reported(post))

    assert after.media[0].reason is UnprocessableReason.OBJECT_MISSING


def test_checksum_of_the_post_is_compared_with_a_remembered_object(
    detection: Detection, platform: Platform
) -> None:
    media = platform.put(portrait(57))
    answer(detection, created(media))

    wrong = media.model_copy(update={"sha256": "0" * 64})
    (verdict,) = answer(detection, created(wrong))

    assert verdict.media[0].reason is UnprocessableReason.SHA256_MISMATCH


def test_other_analysis_identity_downloads_a_remembered_object(
    detector: Detector, objects: ObjectStore, database: Engine, platform: Platform, requests: Counter[str]
) -> None:
    class Silent:
        name, version = "silent", "1"

        def examine(self, media: object) -> None:
            return None

    media = platform.put(portrait(58))
    answer(make_detection(detector, objects, database), created(media))
    requests.clear()

    (verdict,) = answer(make_detection(detector, objects, database, [Silent()]), created(media))

    assert requests["GetObject"] == 1
    assert not verdict.media[0].reused
