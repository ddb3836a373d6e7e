"""The stored post's media win; media that a stranger names for an unknown post neither tag nor clear it."""

from uuid import uuid4

import pytest
from sqlalchemy import Engine

from inference.detector import Detector
from pipeline.consumers.detection.consumer import Detection, PostNotSeenError
from pipeline.consumers.detection.signals import ExaminedMedia, Finding
from pipeline.demo import pictures
from schemas.envelope import Event
from schemas.tags import TAGGED_BY_LABEL
from schemas.verdicts import Label, UnprocessableReason
from storage.objects import ObjectStore
from tests.integration.pipeline.consumers.detection_steps import (
    MAX_ATTEMPTS,
    Platform,
    answer,
    appealed,
    created,
    make_detection,
    replayed,
    reported,
)


class Forger:
    """A signal that labels every portrait as forged, and every other picture as authentic."""

    name, version = "forger", "unvouched"

    def examine(self, media: ExaminedMedia) -> Finding | None:
        label = Label.DEEPFAKE if media.data == FORGED else Label.AUTHENTIC
        return Finding(label, decisive=True)


FORGED = pictures.jpeg(pictures.portrait(), quality=51)
HONEST = pictures.jpeg(pictures.no_face(), quality=51)


@pytest.fixture
def judge(detector: Detector, objects: ObjectStore, database: Engine) -> Detection:
    return make_detection(detector, objects, database, [Forger()])


@pytest.mark.parametrize(
    "make", [reported, appealed, replayed, None], ids=["report", "appeal", "replay", "post"]
)
def test_media_of_the_stored_post_win_over_those_of_a_later_event(
    judge: Detection, platform: Platform, make: type[Event] | None
) -> None:
    post, honest, forged = uuid4().hex, platform.put(HONEST), platform.put(FORGED)
    answer(judge, created(honest, post_id=post))
    later = created(forged, post_id=post) if make is None else make(post, forged)

    (verdict,) = answer(judge, later)

    assert [item.uri for item in verdict.media] == [honest.uri]
    assert verdict.label is Label.AUTHENTIC


@pytest.mark.parametrize("make", [reported, appealed], ids=["report", "appeal"])
def test_forgery_named_for_an_unknown_post_is_suspected_and_does_not_tag(
    judge: Detection, platform: Platform, make: type[Event]
) -> None:
    (verdict,) = answer(judge, make(uuid4().hex, platform.put(FORGED)), attempt=MAX_ATTEMPTS)

    assert (verdict.label, verdict.reason) == (Label.SUSPECTED, None)
    assert verdict.media[0].label is Label.DEEPFAKE  # the finding about these bytes stands
    assert verdict.label not in TAGGED_BY_LABEL


@pytest.mark.parametrize("make", [reported, appealed], ids=["report", "appeal"])
def test_authentic_media_named_for_an_unknown_post_do_not_clear_it(
    judge: Detection, platform: Platform, make: type[Event]
) -> None:
    (verdict,) = answer(judge, make(uuid4().hex, platform.put(HONEST)), attempt=MAX_ATTEMPTS)

    assert (verdict.label, verdict.reason) == (Label.UNPROCESSABLE, UnprocessableReason.POST_UNKNOWN)
    assert verdict.media[0].label is Label.AUTHENTIC
    assert verdict.label not in TAGGED_BY_LABEL


@pytest.mark.parametrize("make", [reported, appealed], ids=["report", "appeal"])
def test_report_that_overtakes_its_post_waits_for_it(
    judge: Detection, platform: Platform, make: type[Event]
) -> None:
    post, photo = uuid4().hex, platform.put(FORGED)
    early = make(post, photo)

    with pytest.raises(PostNotSeenError, match=post):
        judge.prepare(early, attempt=1)
    answer(judge, created(photo, post_id=post))
    (verdict,) = answer(judge, early, attempt=2)

    assert verdict.label is Label.DEEPFAKE


def test_operator_vouches_for_the_media_of_a_replay(judge: Detection, platform: Platform) -> None:
    (verdict,) = answer(judge, replayed(uuid4().hex, platform.put(FORGED)))

    assert verdict.label is Label.DEEPFAKE
