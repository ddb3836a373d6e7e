"""Trouble with one media item is that item's answer; the other items of the post are judged."""

from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inference.errors import Unprocessable
from pipeline.consumers.detection.consumer import Detection
from pipeline.demo import pictures
from schemas.posts import Media
from schemas.verdicts import Label, UnprocessableReason
from storage.objects import ObjectStore
from tests.integration.pipeline.consumers.detection_steps import (
    BUCKET,
    Platform,
    answer,
    created,
    make_fetcher,
)


def at(key: str) -> Media:
    return Media(uri=f"s3://{BUCKET}/{key}", media_type="image/jpeg")


HOSTILE_KEYS = [
    "a/../b.jpg",
    "..",
    "../../other-bucket/x",
    ".",
    "./a",
    "a//b",
    "/",
    "//",
    "a/",
    "%2e%2e/x",
    "a?versionId=1",
    "a#b",
    "a\x00b",
    "a\x7f",
    "a\\b",
    "\u202e\ufeff",
    "\uffff",
    "x" * 1024,
    "\U0001f600" * 1024,
]


@pytest.mark.parametrize("key", HOSTILE_KEYS, ids=lambda key: ascii(key[:12]))
def test_key_that_the_store_rejects_is_the_answer_for_its_media_item_only(
    detection: Detection, platform: Platform, key: str
) -> None:
    photo = platform.put(pictures.jpeg(pictures.no_face()))

    (verdict,) = answer(detection, created(at(key), photo))

    refused, judged = verdict.media
    assert (refused.label, refused.reason) == (Label.UNPROCESSABLE, UnprocessableReason.OBJECT_MISSING)
    assert refused.detail
    assert judged.label is Label.NO_FACE


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(key=st.from_regex(r"^.{1,1024}$", fullmatch=True))
def test_no_key_raises_anything_but_a_reason(objects: ObjectStore, key: str) -> None:
    fetcher = make_fetcher(objects, max_bytes=100)
    prefix = f"{uuid4().hex}-"  # no such object

    with pytest.raises(Unprocessable):
        fetcher.fetch(at((prefix + key)[:1024]))


def test_file_that_breaks_its_decoder_is_answered_and_the_others_are_judged(
    detection: Detection, platform: Platform
) -> None:
    broken_file = platform.put(b"\xff\xd8\xff\xdb\x00\x01" + bytes(500))
    photo = platform.put(pictures.jpeg(pictures.no_face()))

    (verdict,) = answer(detection, created(broken_file, photo))

    broken, judged = verdict.media
    assert (broken.label, broken.reason) == (Label.UNPROCESSABLE, UnprocessableReason.UNDECODABLE)
    assert broken.detail
    assert judged.label is Label.NO_FACE
