"""Detection with a real object store and database: media items in, verdicts out."""

import hashlib
import json
import os
import shutil
import struct
import zlib
from collections.abc import Callable
from dataclasses import replace
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
from pipeline.consumers.detection.consumer import Detection, PostNotSeenError
from pipeline.consumers.detection.signals import ExaminedMedia, Finding
from pipeline.demo import pictures
from schemas.posts import Media
from schemas.verdicts import Label, MediaVerdict, TriggerKind, UnprocessableReason
from storage.database import connect, transaction
from storage.errors import DatabaseUnavailableError, UnavailableError
from storage.objects import ObjectStore
from storage.tables import AnalysisRow, Verdict
from tests.integration.pipeline.consumers.detection_steps import (
    BUCKET,
    LIMITS,
    MAX_ATTEMPTS,
    Platform,
    answer,
    created,
    make_detection,
    make_known_media,
    make_uploader,
    portrait,
    replayed,
    reported,
)


def verdict_on(detection: Detection, media: Media) -> MediaVerdict:
    (verdict,) = answer(detection, created(media))
    assert verdict.label is verdict.media[0].label
    assert verdict.reason is verdict.media[0].reason
    return verdict.media[0]


def noise(size: int) -> bytes:
    return np.random.default_rng(1).bytes(size)


def decompression_bomb() -> bytes:
    """Return a PNG of about 60 bytes that declares 60,000 x 60,000 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    pixels = chunk(b"IDAT", zlib.compress(b""))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + pixels + chunk(b"IEND", b"")


def long_video() -> bytes:
    """Return a video of ten minutes in a few kilobytes, with one frame per minute."""
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


UNPROCESSABLE_MEDIA: dict[str, tuple[Callable[[Platform], Media], UnprocessableReason]] = {
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
    "a video with an image type": (
        lambda platform: platform.put(pictures.video(pictures.no_face()), "image/jpeg"),
        UnprocessableReason.TYPE_MISMATCH,
    ),
    "a document with an image type": (
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
        lambda platform: platform.put(decompression_bomb(), "image/png"),
        UnprocessableReason.TOO_MANY_PIXELS,
    ),
    "video longer than the limit": (
        lambda platform: platform.put(long_video(), "video/mp4"),
        UnprocessableReason.TOO_LONG,
    ),
    "bytes that differ from the checksum in the post": (
        lambda platform: platform.put(portrait(), sha256="0" * 64),
        UnprocessableReason.SHA256_MISMATCH,
    ),
}


@pytest.mark.parametrize("case", UNPROCESSABLE_MEDIA)
def test_media_item_that_cannot_be_analysed(detection: Detection, platform: Platform, case: str) -> None:
    put, reason = UNPROCESSABLE_MEDIA[case]

    verdict = verdict_on(detection, put(platform))

    assert (verdict.label, verdict.reason) == (Label.UNPROCESSABLE, reason)
    assert verdict.score is None
    assert verdict.detail


def test_picture_without_a_face(detection: Detection, platform: Platform) -> None:
    data = pictures.jpeg(pictures.no_face())

    verdict = verdict_on(detection, platform.put(data))

    assert (verdict.label, verdict.score, verdict.faces) == (Label.NO_FACE, None, ())
    assert verdict.sha256 == hashlib.sha256(data).hexdigest()


def test_face_in_a_picture_has_its_box_and_score(detection: Detection, platform: Platform) -> None:
    verdict = verdict_on(detection, platform.put(portrait(), sha256=hashlib.sha256(portrait()).hexdigest()))

    (face,) = verdict.faces
    assert verdict.score == face.score
    assert face.seconds is None
    assert 170 < face.box.x0 < 195  # the face of the portrait
    assert 255 < face.box.x1 < 280
    assert verdict.pdq is not None


def test_faces_of_a_video_are_one_track_over_time(detection: Detection, platform: Platform) -> None:
    verdict = verdict_on(detection, platform.put(pictures.video(pictures.portrait()), "video/mp4"))

    assert len(verdict.faces) >= 16
    assert {face.track for face in verdict.faces} == {0}
    seconds = [face.seconds for face in verdict.faces]
    assert seconds == sorted(seconds)
    assert seconds[-1] > 1.5


def test_flagged_video_has_evidence(objects: ObjectStore, database: Engine, platform: Platform) -> None:
    # given a model that labels every face as suspected
    trained = load_checkpoint(Path(os.environ.get("FAKEME_DETECTION__MODEL") or default_model_dir()))
    strict = trained.card.model_copy(
        update={"version": "strict", "suspect_threshold": 0.0, "tag_threshold": 1.0}
    )
    uploader = make_uploader(objects, database)
    detection = make_detection(
        Detector(replace(trained, card=strict), "cpu"), objects, database, uploader=uploader
    )

    # when
    verdict = verdict_on(detection, platform.put(pictures.video(pictures.portrait()), "video/mp4"))
    uploader.upload_batch()

    # then
    assert verdict.label is Label.SUSPECTED
    folder = f"s3://fakeme-evidence/{verdict.sha256}/{detection.identity}/"
    kinds = {"face-0.jpg": "image/jpeg", "timeline.png": "image/png", "face-0-heat.jpg": "image/jpeg"}
    assert list(verdict.evidence) == [folder + name for name in kinds]
    for uri, kind in zip(verdict.evidence, kinds.values(), strict=True):
        bucket, key = uri.removeprefix("s3://").split("/", 1)
        with PIL.Image.open(BytesIO(objects.fetch(bucket, key, 1_000_000).data)) as picture:
            assert picture.get_format_mimetype() == kind


def test_post_has_the_label_of_its_worst_media_item(detection: Detection, platform: Platform) -> None:
    coffee = platform.put(pictures.jpeg(pictures.no_face()))

    (verdict,) = answer(detection, created(coffee, platform.put(b"")))

    assert [media.label for media in verdict.media] == [Label.NO_FACE, Label.UNPROCESSABLE]
    assert (verdict.label, verdict.reason) == (Label.UNPROCESSABLE, UnprocessableReason.EMPTY)


def test_same_bytes_are_analysed_once(
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


def test_repeated_event_gets_the_same_answer(
    detection: Detection, platform: Platform, platform_s3: Any, database: Engine
) -> None:
    media = platform.put(portrait())
    post = created(media)
    (first,) = answer(detection, post)

    platform_s3.delete_object(Bucket=BUCKET, Key=media.key)  # the stored answer does not need it
    (second,) = answer(detection, post)
    (third, fourth) = answer(detection, post, post)

    assert first == second == third == fourth
    with transaction(database) as session:
        count = session.scalar(select(func.count()).where(Verdict.trigger_event_id == post.id))
    assert count == 1


class Blocklist:
    """A signal that recognises files by their SHA-256."""

    name = "blocklist"

    def __init__(self, *hashes: str, version: str = "1", decisive: bool = True) -> None:
        self.hashes, self.version, self.decisive = hashes, version, decisive

    def examine(self, media: ExaminedMedia) -> Finding | None:
        if media.sha256 not in self.hashes:
            return None
        return Finding(Label.DEEPFAKE, decisive=self.decisive, detail="listed")


def test_signal_that_is_added_later_applies_to_media_items_that_were_analysed_before(
    detector: Detector, objects: ObjectStore, database: Engine, platform: Platform
) -> None:
    # given a picture that the model labelled authentic, with a reusable analysis
    data = pictures.jpeg(pictures.portrait(), quality=61)
    sha256, media = hashlib.sha256(data).hexdigest(), platform.put(data)
    before = make_detection(detector, objects, database)
    post = created(media)
    (first,) = answer(before, post)
    assert verdict_on(before, media).reused

    # when a signal is added that recognises the picture
    after = make_detection(detector, objects, database, [Blocklist(sha256)])
    (again,) = answer(after, post)
    later = verdict_on(after, media)

    # then the signal decides, for the same event and for a new one, and its answer is stored
    assert first.label is Label.AUTHENTIC
    assert (again.label, again.score, again.media[0].reused) == (Label.DEEPFAKE, None, False)
    assert again.verdict_id != first.verdict_id
    [finding] = again.media[0].signals
    assert (finding.signal, finding.version, finding.decisive) == ("blocklist", "1", True)
    assert (later.label, later.reused, later.signals) == (Label.DEEPFAKE, True, (finding,))

    # and a new version of the signal examines the picture again
    newer = make_detection(detector, objects, database, [Blocklist(version="2")])
    assert verdict_on(newer, media).label is Label.AUTHENTIC


def test_advisory_signal_raises_the_label_to_suspected(
    detector: Detector, objects: ObjectStore, database: Engine, platform: Platform
) -> None:
    data = pictures.jpeg(pictures.portrait(), quality=62)
    hint = Blocklist(hashlib.sha256(data).hexdigest(), decisive=False)

    verdict = verdict_on(make_detection(detector, objects, database, [hint]), platform.put(data))

    assert verdict.label is Label.SUSPECTED
    assert verdict.score is not None
    assert verdict.score < 0.5  # the score is still the model's


def test_changed_threshold_in_the_card_applies_to_a_replay(
    detector: Detector, objects: ObjectStore, database: Engine, platform: Platform, tmp_path: Path
) -> None:
    # given a verdict with the original card
    media = platform.put(pictures.jpeg(pictures.portrait(), quality=63))
    post_id = uuid4().hex
    (first,) = answer(make_detection(detector, objects, database), created(media, post_id=post_id))

    # when a threshold in card.json is changed and the post is replayed
    source = Path(os.environ.get("FAKEME_DETECTION__MODEL") or default_model_dir())
    folder = shutil.copytree(source, tmp_path / "model")
    card = json.loads((folder / "card.json").read_text())
    card["suspect_threshold"] = 0.0
    (folder / "card.json").write_text(json.dumps(card))
    edited = make_detection(Detector.load(folder, "cpu"), objects, database)
    (second,) = answer(edited, replayed(post_id))

    # then the new threshold applies
    assert (first.label, second.label) == (Label.AUTHENTIC, Label.SUSPECTED)
    assert second.trigger.kind is TriggerKind.REPLAYED
    assert second.score == pytest.approx(first.score)


def test_report_without_media_items_uses_those_of_the_post(detection: Detection, platform: Platform) -> None:
    post_id = uuid4().hex
    media = platform.put(pictures.jpeg(pictures.no_face()))
    answer(detection, created(media, post_id=post_id))

    (verdict,) = answer(detection, reported(post_id))

    assert verdict.trigger.kind is TriggerKind.REPORTED
    assert [item.uri for item in verdict.media] == [media.uri]


def test_report_before_its_post_is_retried_and_finally_unprocessable(detection: Detection) -> None:
    report = reported(uuid4().hex)

    with pytest.raises(PostNotSeenError):
        detection.prepare(report, attempt=1)
    (verdict,) = answer(detection, report, attempt=MAX_ATTEMPTS)

    assert (verdict.label, verdict.media) == (Label.UNPROCESSABLE, ())
    assert verdict.reason is UnprocessableReason.POST_UNKNOWN


def test_unavailable_object_store_raises(detector: Detector, database: Engine) -> None:
    unreachable = ObjectStore("http://127.0.0.1:9", "us-east-1", "key", "secret")
    detection = make_detection(detector, unreachable, database)

    with pytest.raises(UnavailableError):
        detection.prepare(created(Media(uri=f"s3://{BUCKET}/a.jpg", media_type="image/jpeg")), attempt=1)


def test_unavailable_database_raises(detector: Detector, objects: ObjectStore, database: Engine) -> None:
    unreachable = connect("postgresql+psycopg2://fakeme:none@127.0.0.1:9/fakeme")
    detection = make_detection(detector, objects, unreachable, known=make_known_media(database))

    with pytest.raises(DatabaseUnavailableError):
        detection.prepare(created(Media(uri=f"s3://{BUCKET}/a.jpg", media_type="image/jpeg")), attempt=1)
