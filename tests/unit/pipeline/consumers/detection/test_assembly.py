"""Verdicts list the faces of a media item, limited to what fits into an event."""

from datetime import UTC, datetime

from inference.analysis import FaceFinding, MediaAnalysis, ModelIdentity
from inference.media.decoded import MediaKind
from pipeline.consumers.detection.assembly import Request, media_verdict, verdict
from schemas.envelope import encode
from schemas.posts import Media
from schemas.topics import MAX_EVENT_BYTES
from schemas.verdicts import (
    MAX_FACES,
    MAX_SIGNAL_DETAIL,
    MAX_SIGNALS,
    Label,
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
        pdq=SHA256,
        pdq_quality=100,
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
    request = Request("p" * 128, Trigger(kind=TriggerKind.CREATED, event_id="e" * 36), (media,) * 20)

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
