"""Detection on real storage and database: what went in, and which verdict came out."""

import hashlib
import json
import os
import shutil
import struct
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import av
import numpy as np
import PIL.Image
import pytest
from sqlalchemy import Engine, func, select

from inference.checkpoint import default_model_dir, load_checkpoint
from inference.detector import Detector
from inference.media.limits import MediaLimits
from infra.local.stack import Endpoints
from pipeline.consumers.detection.analyser import EvidenceStore
from pipeline.consumers.detection.consumer import Detection, PostNotSeenError
from pipeline.consumers.detection.media_fetcher import MediaFetcher
from pipeline.consumers.detection.signals import ExaminedMedia, Finding, Signal
from pipeline.demo import pictures
from pipeline.settings import ExplainSettings
from schemas.base import Contract
from schemas.envelope import Event, decode, encode
from schemas.posts import Media, PostCreated, PostReplayed, PostReported, ReportReason
from schemas.verdicts import Label, MediaVerdict, TriggerKind, UnprocessableReason, VerdictIssued
from storage.database import connect, transaction
from storage.errors import DatabaseUnavailableError, UnavailableError
from storage.objects import ObjectStore
from storage.tables import AnalysisRow, Verdict

BUCKET = "platform-media"
LIMITS = MediaLimits(max_bytes=2_000_000, max_pixels=4_000_000, max_seconds=5.0)
TRIES = 3


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Detector.load(Path(os.environ.get("FAKEME_DETECTION__MODEL") or default_model_dir()), "cpu")


@pytest.fixture(scope="module")
def database(database_url: str) -> Engine:
    return connect(database_url)


@pytest.fixture(scope="module")
def objects(stack: Endpoints) -> ObjectStore:
    return ObjectStore(stack.s3_endpoint, "us-east-1", stack.s3_access_key, stack.s3_secret_key)


def make_detection(
    detector: Detector, objects: ObjectStore, database: Engine, signals: Sequence[Signal] = ()
) -> Detection:
    return Detection(
        detector,
        MediaFetcher(objects, allowed_buckets=(BUCKET,), max_bytes=LIMITS.max_bytes),
        database,
        EvidenceStore(objects, "fakeme-evidence", ExplainSettings(budget_seconds=60.0)),
        limits=LIMITS,
        source="test",
        unknown_post_tries=TRIES,
        signals=signals,
    )


@pytest.fixture
def detection(detector: Detector, objects: ObjectStore, database: Engine) -> Detection:
    return make_detection(detector, objects, database)


@dataclass
class Platform:
    """Puts media where a platform would, and describes them."""

    s3: Any

    def put(self, data: bytes, media_type: str = "image/jpeg", **about: Any) -> Media:
        key = f"test/{uuid4().hex}"
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=data, ContentType=media_type)
        return Media(uri=f"s3://{BUCKET}/{key}", media_type=media_type, **about)


@pytest.fixture
def platform(platform_s3: Any) -> Platform:
    return Platform(platform_s3)


def event(body: Contract, post_id: str) -> Event:
    message = encode(body, id=uuid4().hex, source="test", key=post_id, time=datetime.now(UTC))
    return decode(message.headers, message.value)


def created(*media: Media, post_id: str | None = None) -> Event:
    post_id = post_id or uuid4().hex
    now = datetime.now(UTC)
    return event(PostCreated(post_id=post_id, author_id="a", media=media, created_at=now), post_id)


def reported(post_id: str, *media: Media) -> Event:
    now = datetime.now(UTC)
    body = PostReported(
        report_id=uuid4().hex,
        post_id=post_id,
        reporter_id="r",
        reason=ReportReason.OTHER,
        media=media,
        reported_at=now,
    )
    return event(body, post_id)


def answer(detection: Detection, *events: Event, attempt: int = 1) -> list[VerdictIssued]:
    handled = detection.handle([detection.prepare(one, attempt) for one in events])
    verdicts = []
    for one in handled:
        assert not isinstance(one, Exception)
        (message,) = one.messages
        body = decode(message.headers, message.value).body
        assert isinstance(body, VerdictIssued)
        verdicts.append(body)
    return verdicts


def judge(detection: Detection, media: Media) -> MediaVerdict:
    (verdict,) = answer(detection, created(media))
    assert verdict.label is verdict.media[0].label
    assert verdict.reason is verdict.media[0].reason
    return verdict.media[0]


def noise(size: int) -> bytes:
    return np.random.default_rng(1).bytes(size)


def bomb() -> bytes:
    """A PNG of 60,000 x 60,000 pixels in 60 bytes: only the header is honest."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    pixels = chunk(b"IDAT", zlib.compress(b""))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + pixels + chunk(b"IEND", b"")


def long_video() -> bytes:
    """Ten minutes in a few kilobytes: one frame a minute."""
    file = BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=1)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        for minute in range(10):
            frame = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
            frame.pts = minute * 60
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()


def portrait() -> bytes:
    return pictures.jpeg(pictures.portrait())


BAD_MEDIA: dict[str, tuple[Callable[[Platform], Media], UnprocessableReason]] = {
    "bucket not allowed": (
        lambda platform: Media(uri="s3://somebody-elses/a.jpg", media_type="image/jpeg"),
        UnprocessableReason.BUCKET_NOT_ALLOWED,
    ),
    "object missing": (
        lambda platform: Media(uri=f"s3://{BUCKET}/test/nothing-here.jpg", media_type="image/jpeg"),
        UnprocessableReason.OBJECT_MISSING,
    ),
    "larger than the limit": (
        lambda platform: platform.put(noise(LIMITS.max_bytes + 1)),
        UnprocessableReason.TOO_LARGE,
    ),
    "a video behind a picture's name": (
        lambda platform: platform.put(pictures.video(pictures.no_face()), "image/jpeg"),
        UnprocessableReason.TYPE_MISMATCH,
    ),
    "a document behind a picture's name": (
        lambda platform: platform.put(b"%PDF-1.7\n" + noise(500), "image/jpeg"),
        UnprocessableReason.TYPE_MISMATCH,
    ),
    "truncated picture": (
        lambda platform: platform.put(pictures.truncated(pictures.portrait())),
        UnprocessableReason.TRUNCATED,
    ),
    "truncated video": (
        lambda platform: platform.put(pictures.video(pictures.no_face())[:-5000], "video/mp4"),
        UnprocessableReason.TRUNCATED,
    ),
    "zero bytes": (lambda platform: platform.put(b""), UnprocessableReason.EMPTY),
    "decompression bomb": (
        lambda platform: platform.put(bomb(), "image/png"),
        UnprocessableReason.TOO_MANY_PIXELS,
    ),
    "video longer than the limit": (
        lambda platform: platform.put(long_video(), "video/mp4"),
        UnprocessableReason.TOO_LONG,
    ),
    "other bytes than the post says": (
        lambda platform: platform.put(portrait(), sha256="0" * 64),
        UnprocessableReason.SHA256_MISMATCH,
    ),
}


@pytest.mark.parametrize("what", BAD_MEDIA)
def test_media_that_cannot_be_judged(detection: Detection, platform: Platform, what: str) -> None:
    put, reason = BAD_MEDIA[what]

    said = judge(detection, put(platform))

    assert (said.label, said.reason) == (Label.UNPROCESSABLE, reason)
    assert said.score is None
    assert said.detail


def test_a_picture_without_a_face(detection: Detection, platform: Platform) -> None:
    data = pictures.jpeg(pictures.no_face())

    said = judge(detection, platform.put(data))

    assert (said.label, said.score, said.faces) == (Label.NO_FACE, None, ())
    assert said.sha256 == hashlib.sha256(data).hexdigest()


def test_a_face_is_judged_where_it_is(detection: Detection, platform: Platform) -> None:
    said = judge(detection, platform.put(portrait(), sha256=hashlib.sha256(portrait()).hexdigest()))

    (face,) = said.faces
    assert said.score == face.score
    assert face.seconds is None
    assert 170 < face.box.x0 < 195  # the face of the portrait
    assert 255 < face.box.x1 < 280
    assert said.pdq is not None


def test_a_video_is_judged_over_time_as_one_person(detection: Detection, platform: Platform) -> None:
    said = judge(detection, platform.put(pictures.video(pictures.portrait()), "video/mp4"))

    assert len(said.faces) >= 16
    assert {face.track for face in said.faces} == {0}
    seconds = [face.seconds for face in said.faces]
    assert seconds == sorted(seconds)
    assert seconds[-1] > 1.5


def test_a_flagged_video_leaves_evidence_of_why(
    objects: ObjectStore, database: Engine, platform: Platform
) -> None:
    # given a model that suspects everybody
    trained = load_checkpoint(Path(os.environ.get("FAKEME_DETECTION__MODEL") or default_model_dir()))
    strict = trained.card.model_copy(
        update={"version": "strict", "suspect_threshold": 0.0, "tag_threshold": 1.0}
    )
    detection = make_detection(Detector(replace(trained, card=strict), "cpu"), objects, database)

    # when
    said = judge(detection, platform.put(pictures.video(pictures.portrait()), "video/mp4"))

    # then
    assert said.label is Label.SUSPECTED
    folder = f"s3://fakeme-evidence/{said.sha256}/{detection.identity}/"
    kinds = {"face-0.jpg": "image/jpeg", "timeline.png": "image/png", "face-0-heat.jpg": "image/jpeg"}
    assert list(said.evidence) == [folder + name for name in kinds]
    for uri, kind in zip(said.evidence, kinds.values(), strict=True):
        bucket, key = uri.removeprefix("s3://").split("/", 1)
        assert objects.stat(bucket, key).content_type == kind
        with PIL.Image.open(BytesIO(objects.fetch(bucket, key, 1_000_000))) as picture:
            assert picture.get_format_mimetype() == kind


def test_a_post_is_as_bad_as_its_worst_media(detection: Detection, platform: Platform) -> None:
    coffee = platform.put(pictures.jpeg(pictures.no_face()))

    (verdict,) = answer(detection, created(coffee, platform.put(b"")))

    assert [media.label for media in verdict.media] == [Label.NO_FACE, Label.UNPROCESSABLE]
    assert (verdict.label, verdict.reason) == (Label.UNPROCESSABLE, UnprocessableReason.EMPTY)


def test_the_same_bytes_are_analysed_once(
    detection: Detection, platform: Platform, database: Engine, detector: Detector
) -> None:
    data = pictures.jpeg(pictures.portrait(), quality=71)
    analysed: list[int] = []
    analyse = detector.analyse
    detector.analyse = lambda media: analysed.append(len(media)) or analyse(media)  # type: ignore[method-assign,func-returns-value]
    try:
        together = answer(detection, created(platform.put(data)), created(platform.put(data)))
        (later,) = answer(detection, created(platform.put(data)))
    finally:
        detector.analyse = analyse  # type: ignore[method-assign]

    assert sum(analysed) == 1
    assert len({verdict.verdict_id for verdict in (*together, later)}) == 3
    assert {verdict.media[0].score for verdict in (*together, later)} == {later.media[0].score}
    assert later.media[0].reused
    with transaction(database) as session:
        sha256 = hashlib.sha256(data).hexdigest()
        rows = session.scalar(select(func.count()).where(AnalysisRow.sha256 == sha256))
    assert rows == 1


def test_the_same_event_again_gets_the_same_answer(
    detection: Detection, platform: Platform, platform_s3: Any, database: Engine
) -> None:
    media = platform.put(portrait())
    asked = created(media)
    (first,) = answer(detection, asked)

    platform_s3.delete_object(Bucket=BUCKET, Key=media.key)  # what it would find now does not matter
    (second,) = answer(detection, asked)
    (third, fourth) = answer(detection, asked, asked)

    assert first == second == third == fourth
    with transaction(database) as session:
        count = session.scalar(select(func.count()).where(Verdict.trigger_event_id == asked.id))
    assert count == 1


class Blocklist:
    """A signal that knows some bytes, as one from outside the package would."""

    name = "blocklist"

    def __init__(self, *hashes: str, version: str = "1", decisive: bool = True) -> None:
        self.hashes, self.version, self.decisive = hashes, version, decisive

    def examine(self, media: ExaminedMedia) -> Finding | None:
        if media.sha256 not in self.hashes:
            return None
        return Finding(Label.DEEPFAKE, decisive=self.decisive, detail="listed")


def test_a_signal_that_is_added_later_judges_media_that_were_analysed_before(
    detector: Detector, objects: ObjectStore, database: Engine, platform: Platform
) -> None:
    # given a picture that the model found authentic, and whose analysis is reused
    data = pictures.jpeg(pictures.portrait(), quality=61)
    sha256, media = hashlib.sha256(data).hexdigest(), platform.put(data)
    before = make_detection(detector, objects, database)
    post = created(media)
    (first,) = answer(before, post)
    assert judge(before, media).reused

    # when a signal is added that knows the picture
    after = make_detection(detector, objects, database, [Blocklist(sha256)])
    (again,) = answer(after, post)
    later = judge(after, media)

    # then the signal decides, for the very same event and for a new one, and its answer is kept
    assert first.label is Label.AUTHENTIC
    assert (again.label, again.score, again.media[0].reused) == (Label.DEEPFAKE, None, False)
    assert again.verdict_id != first.verdict_id
    [finding] = again.media[0].signals
    assert (finding.signal, finding.version, finding.decisive) == ("blocklist", "1", True)
    assert (later.label, later.reused, later.signals) == (Label.DEEPFAKE, True, (finding,))

    # and a new version of the signal is asked anew
    newer = make_detection(detector, objects, database, [Blocklist(version="2")])
    assert judge(newer, media).label is Label.AUTHENTIC


def test_a_signal_that_is_not_decisive_makes_a_person_look(
    detector: Detector, objects: ObjectStore, database: Engine, platform: Platform
) -> None:
    data = pictures.jpeg(pictures.portrait(), quality=62)
    hint = Blocklist(hashlib.sha256(data).hexdigest(), decisive=False)

    said = judge(make_detection(detector, objects, database, [hint]), platform.put(data))

    assert said.label is Label.SUSPECTED
    assert said.score is not None
    assert said.score < 0.5  # the model's own opinion stays visible


def test_a_threshold_that_changes_in_the_card_changes_the_verdict_on_a_replay(
    detector: Detector, objects: ObjectStore, database: Engine, platform: Platform, tmp_path: Path
) -> None:
    # given a verdict under the shipped card
    media = platform.put(pictures.jpeg(pictures.portrait(), quality=63))
    post_id = uuid4().hex
    (first,) = answer(make_detection(detector, objects, database), created(media, post_id=post_id))

    # when somebody edits a threshold in card.json and the post is replayed
    source = Path(os.environ.get("FAKEME_DETECTION__MODEL") or default_model_dir())
    folder = shutil.copytree(source, tmp_path / "model")
    card = json.loads((folder / "card.json").read_text())
    card["suspect_threshold"] = 0.0
    (folder / "card.json").write_text(json.dumps(card))
    edited = make_detection(Detector.load(folder, "cpu"), objects, database)
    now = datetime.now(UTC)
    replay = PostReplayed(replay_id=uuid4().hex, post_id=post_id, replayed_at=now)
    (second,) = answer(edited, event(replay, post_id))

    # then the new threshold holds
    assert (first.label, second.label) == (Label.AUTHENTIC, Label.SUSPECTED)
    assert second.trigger.kind is TriggerKind.REPLAYED
    assert second.score == pytest.approx(first.score)


def test_a_report_without_media_is_about_those_of_the_post(detection: Detection, platform: Platform) -> None:
    post_id = uuid4().hex
    media = platform.put(pictures.jpeg(pictures.no_face()))
    answer(detection, created(media, post_id=post_id))

    (verdict,) = answer(detection, reported(post_id))

    assert verdict.trigger.kind is TriggerKind.REPORTED
    assert [one.uri for one in verdict.media] == [media.uri]


def test_a_report_that_comes_before_its_post_waits_and_is_answered_in_the_end(detection: Detection) -> None:
    asked = reported(uuid4().hex)

    with pytest.raises(PostNotSeenError):
        detection.prepare(asked, attempt=1)
    (verdict,) = answer(detection, asked, attempt=TRIES)

    assert (verdict.label, verdict.media) == (Label.UNPROCESSABLE, ())
    assert verdict.reason is UnprocessableReason.POST_UNKNOWN


def test_storage_that_is_away_is_no_verdict(detector: Detector, database: Engine) -> None:
    nobody_there = ObjectStore("http://127.0.0.1:9", "us-east-1", "key", "secret")
    detection = make_detection(detector, nobody_there, database)

    with pytest.raises(UnavailableError):
        detection.prepare(created(Media(uri=f"s3://{BUCKET}/a.jpg", media_type="image/jpeg")), attempt=1)


def test_a_database_that_is_away_is_no_verdict(detector: Detector, objects: ObjectStore) -> None:
    nobody_there = connect("postgresql+psycopg2://fakeme:none@127.0.0.1:9/fakeme")
    detection = make_detection(detector, objects, nobody_there)

    with pytest.raises(DatabaseUnavailableError):
        detection.prepare(created(Media(uri=f"s3://{BUCKET}/a.jpg", media_type="image/jpeg")), attempt=1)
