"""Verdicts: which media they are about, their label, and the faces that fit into an event."""

from datetime import UTC, datetime

import pytest

from inference.analysis import FaceFinding, MediaAnalysis, ModelIdentity
from inference.fingerprint import Fingerprint
from inference.media.decoded import MediaKind
from pipeline.consumers.detection.assembly import (
    Request,
    media_verdict,
    post_label,
    resolve,
    verdict,
)
from schemas.envelope import encode
from schemas.posts import Media
from schemas.tags import TAGGED_BY_LABEL
from schemas.topics import MAX_EVENT_BYTES
from schemas.verdicts import (
    MAX_FACES,
    MAX_SIGNAL_DETAIL,
    MAX_SIGNALS,
    Label,
    MediaVerdict,
    ModelRef,
    SignalFinding,
    Trigger,
    TriggerKind,
    VerdictIssued,
)

SHA256 = "a" * 64
MODEL = ModelRef(name="net", version="1", weights_sha256=SHA256)


def face(number: int, score: float) -> FaceFinding:
    third = 1 / 3  # a float with the maximum number of digits
    return FaceFinding(
        box=(number + third, third, 1000 + third, 1000 + third),
        landmarks=(),
        score=score,
        frame=number,
        seconds=number + third,
        track=number,
    )


def analysis(faces: tuple[FaceFinding, ...]) -> MediaAnalysis:
    return MediaAnalysis(
        label=Label.DEEPFAKE,
        score=0.99,
        threshold=0.9,
        suspect_threshold=0.5,
        faces=faces,
        note="",
        kind=MediaKind.VIDEO,
        media_type="video/mp4",
        width=1920,
        height=1080,
        frames=32,
        seconds=60.0,
        sha256=SHA256,
        fingerprints=(Fingerprint(SHA256, 100),),
        model=ModelIdentity("net", "1", SHA256),
    )


def test_the_most_suspicious_faces_are_listed_in_their_original_order() -> None:
    crowd = tuple(face(number, 1 - number / 1000) for number in range(100, 200))
    last = face(300, 1.0)

    result = media_verdict(Media(uri="s3://media/a", media_type="video/mp4"), analysis((*crowd, last)))

    assert len(result.faces) == MAX_FACES
    assert [face.track for face in result.faces] == [*range(100, 100 + MAX_FACES - 1), 300]


def test_largest_verdict_fits_into_an_event() -> None:
    # given a post with the maximum of media items, faces, signals and evidence, and the longest keys
    media = Media(uri=f"s3://{'b' * 63}/{'한' * 1024}", media_type="video/mp4", sha256=SHA256)
    crowd = tuple(face(number, 1 / 3) for number in range(200))
    signal = SignalFinding(
        signal="s" * 64,
        version="v" * 64,
        label=Label.SUSPECTED,
        decisive=False,
        detail="한" * MAX_SIGNAL_DETAIL,
    )
    result = media_verdict(media, analysis(crowd), evidence=[f"s3://{'e' * 63}/{'f' * 100}"] * 9)
    result = result.model_copy(update={"signals": (signal,) * MAX_SIGNALS})
    trigger = Trigger(kind=TriggerKind.CREATED, event_id="e" * 1024, source="s" * 1024)
    request = Request("p" * 128, trigger, (media,) * 20)

    # when
    body = verdict(
        request,
        [result] * 20,
        MODEL,
        identity="net@1-0",
        timings={},
        now=datetime(2026, 11, 23, tzinfo=UTC),
    )
    message = encode(body, id="e", source="fakeme", key=body.post_id, time=body.issued_at)

    # then
    assert isinstance(body, VerdictIssued)
    assert MAX_EVENT_BYTES / 2 < len(message.value) < MAX_EVENT_BYTES


PHOTO = Media(uri="s3://media/photo", media_type="image/jpeg")
OTHER = Media(uri="s3://media/other", media_type="image/jpeg")


@pytest.mark.parametrize(
    ("kind", "named", "stored", "analysed", "vouched"),
    [
        (TriggerKind.CREATED, (PHOTO,), (PHOTO,), (PHOTO,), True),
        (TriggerKind.CREATED, (OTHER,), (PHOTO,), (PHOTO,), True),  # published twice: the first is final
        (TriggerKind.REPORTED, (), (PHOTO,), (PHOTO,), True),
        (TriggerKind.REPORTED, (OTHER,), (PHOTO,), (PHOTO,), True),
        (TriggerKind.REPORTED, (OTHER,), (), (OTHER,), False),
        (TriggerKind.REPORTED, (), (), (), False),
        (TriggerKind.APPEALED, (OTHER,), (PHOTO,), (PHOTO,), True),
        (TriggerKind.APPEALED, (OTHER,), (), (OTHER,), False),
        (TriggerKind.REPLAYED, (OTHER,), (PHOTO,), (PHOTO,), True),
        (TriggerKind.REPLAYED, (OTHER,), (), (OTHER,), True),  # an operator vouches for them
    ],
)
def test_stored_media_win_over_those_that_an_event_names(
    kind: TriggerKind,
    named: tuple[Media, ...],
    stored: tuple[Media, ...],
    analysed: tuple[Media, ...],
    vouched: bool,
) -> None:
    request = resolve(Request("p", Trigger(kind=kind, event_id="e"), named), stored)

    assert (request.media, request.vouched) == (analysed, vouched)
    assert request.needs_post == (not vouched)


@pytest.mark.parametrize("label", Label)
def test_media_that_nobody_vouches_for_neither_tag_nor_clear_a_post(label: Label) -> None:
    media = [MediaVerdict(uri="s3://media/a", label=label, score=None, threshold=None)]

    unvouched = post_label(media, vouched=False)

    assert post_label(media, vouched=True) is label
    assert unvouched not in TAGGED_BY_LABEL
    assert (unvouched is Label.SUSPECTED) == (label in (Label.DEEPFAKE, Label.SUSPECTED))


def test_post_without_media_is_unprocessable() -> None:
    assert post_label([], vouched=True) is post_label([], vouched=False) is Label.UNPROCESSABLE
