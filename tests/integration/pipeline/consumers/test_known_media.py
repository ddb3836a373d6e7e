"""Moderators' decisions settle later posts with the same file, and make similar ones suspected."""

import io
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from uuid import uuid4

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import Engine, delete

from inference.detector import Detector
from pipeline.consumers.detection.known_media import KnownMedia
from pipeline.consumers.detection.known_media_follower import KnownMediaFollower, KnownMediaNotLoadedError
from pipeline.consumers.detection.match_rate import MatchRate
from pipeline.demo import pictures
from pipeline.settings import RetrySettings
from schemas.moderation import DecisionKind
from schemas.verdicts import Label, VerdictIssued
from storage import known_media
from storage.database import connect, transaction
from storage.known_media import KnownLabel, NewEntry
from storage.objects import ObjectStore
from storage.tables import KnownMediaRow
from tests.integration.pipeline.consumers.detection_steps import (
    Platform,
    answer,
    created,
    make_detection,
    make_known_media,
)
from tests.integration.storage.moderation_queue import ModerationQueue

Post = Callable[..., VerdictIssued]


@pytest.fixture(autouse=True)
def nothing_known(database: Engine) -> None:
    """Forget the known media of other tests: their pictures are similar."""
    with transaction(database) as session:
        session.execute(delete(KnownMediaRow))


@pytest.fixture
def post(detector: Detector, objects: ObjectStore, database: Engine, platform: Platform) -> Post:
    """``post(*files)`` publishes these pictures and returns the verdict with what is known now."""

    def publish(*files: bytes, tag_similar: bool = False) -> VerdictIssued:
        known = make_known_media(database, tag_similar=tag_similar)
        detection = make_detection(detector, objects, database, known=known)
        (verdict,) = answer(detection, created(*[platform.put(file) for file in files]))
        return verdict

    return publish


@pytest.fixture
def decide(database: Engine) -> Callable[[VerdictIssued, DecisionKind], None]:
    """``decide(verdict, kind)`` lets a moderator decide on the post of a verdict."""
    queue = ModerationQueue(database)

    def decide(verdict: VerdictIssued, kind: DecisionKind) -> None:
        case = queue.open(verdict.post_id)
        queue.claim(case, "kim")
        queue.decide(case, "kim", kind)

    return decide


def portrait(seed: int) -> bytes:
    """Return a new picture of a face, brightened by ``seed`` so that it is similar to the others."""
    image = np.asarray(pictures.portrait()).astype(int) + seed % 7
    image[:16, :16] = np.random.default_rng(seed).integers(0, 256, (16, 16, 3))
    return pictures.jpeg(np.clip(image, 0, 255).astype(np.uint8))


def reencoded(data: bytes, *, mirrored: bool = False) -> bytes:
    """Return the picture at three quarters of its size and JPEG 60."""
    with Image.open(io.BytesIO(data)) as image:
        smaller = image.resize((image.width * 3 // 4, image.height * 3 // 4))
    turned = smaller.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if mirrored else smaller
    file = io.BytesIO()
    turned.save(file, "JPEG", quality=60)
    return file.getvalue()


def test_a_file_that_moderators_called_a_deepfake_is_one_when_it_comes_again(
    post: Post, decide: Callable[[VerdictIssued, DecisionKind], None]
) -> None:
    file = portrait(1)
    first = post(file)
    assert first.label is Label.AUTHENTIC  # the model missed it

    decide(first, DecisionKind.DEEPFAKE)
    again = post(file)

    assert again.label is Label.DEEPFAKE
    assert again.media[0].score is None  # the model was not asked
    (finding,) = again.media[0].signals
    assert (finding.signal, finding.decisive) == ("known_media", True)
    assert "the same file as deepfake" in finding.detail


@pytest.mark.parametrize("mirrored", [False, True])
def test_a_similar_picture_is_suspected_because_it_may_be_the_original(
    post: Post, decide: Callable[[VerdictIssued, DecisionKind], None], mirrored: bool
) -> None:
    file = portrait(20 + mirrored)
    decide(post(file), DecisionKind.DEEPFAKE)

    similar = post(reencoded(file, mirrored=mirrored))
    assert similar.label is Label.SUSPECTED
    assert similar.media[0].score is not None  # the model was asked
    assert similar.media[0].signals[0].label is Label.SUSPECTED

    assert post(reencoded(file, mirrored=mirrored), tag_similar=True).label is Label.DEEPFAKE


def test_a_file_that_moderators_called_authentic_is_no_longer_suspected(
    post: Post, decide: Callable[[VerdictIssued, DecisionKind], None]
) -> None:
    """Given the original of a known deepfake, a decision exempts it and its copies, not the deepfake's."""
    forged, original = pictures.jpeg(pictures.swapped()), pictures.jpeg(pictures.portrait())
    decide(post(forged), DecisionKind.DEEPFAKE)
    suspected = post(original)
    assert suspected.label is Label.SUSPECTED

    decide(suspected, DecisionKind.AUTHENTIC)

    assert post(original).label is Label.AUTHENTIC
    assert post(pictures.jpeg(pictures.portrait(), quality=80)).label is Label.AUTHENTIC
    again = post(pictures.jpeg(pictures.swapped(), quality=80)).media[0]
    assert [finding.label for finding in again.signals] == [Label.SUSPECTED]


def test_a_later_decision_overrules_an_earlier_one(
    post: Post, decide: Callable[[VerdictIssued, DecisionKind], None], database: Engine
) -> None:
    file = portrait(40)
    verdict = post(file)
    decide(verdict, DecisionKind.DEEPFAKE)
    decide(post(file), DecisionKind.AUTHENTIC)

    assert post(file).label is Label.AUTHENTIC
    sha256 = verdict.media[0].sha256 or ""
    with transaction(database) as session:
        (entry,) = known_media.with_sha256(session, [sha256])
    assert entry.label is KnownLabel.AUTHENTIC


def test_of_several_pictures_only_the_flagged_one_becomes_known(
    post: Post, decide: Callable[[VerdictIssued, DecisionKind], None], database: Engine
) -> None:
    verdict = post(portrait(50), pictures.jpeg(pictures.retouched()))
    flagged = [item.sha256 for item in verdict.media if item.label in (Label.SUSPECTED, Label.DEEPFAKE)]
    assert len(flagged) == 1

    decide(verdict, DecisionKind.DEEPFAKE)

    with transaction(database) as session:
        known = known_media.with_sha256(session, [item.sha256 or "" for item in verdict.media])
    assert [entry.sha256 for entry in known] == flagged


def test_an_analysis_that_is_reused_is_compared_with_what_is_known_now(post: Post, database: Engine) -> None:
    file = portrait(60)
    first = post(file)
    with transaction(database) as session:
        known_media.add(
            session,
            [NewEntry(KnownLabel.DEEPFAKE, "partner", pdqs=(first.media[0].pdq or "",))],
            "operator:lee",
        )

    again = post(file)

    assert again.media[0].reused
    assert again.label is Label.SUSPECTED
    assert "of partner" in again.media[0].signals[0].detail


@contextmanager
def following(database_url: str) -> Iterator[KnownMediaFollower]:
    """Run a follower as a detection worker does."""
    follower = KnownMediaFollower(
        database_url,
        connect(database_url),
        KnownMedia(MatchRate(100, lambda *_: None)),
        retry=RetrySettings(first_delay_seconds=0.05, max_delay_seconds=0.2),
    )
    follower.start()
    try:
        yield follower
    finally:
        follower.close()


def test_four_workers_see_a_new_and_a_removed_entry_within_two_seconds(
    database_url: str, database: Engine, eventually: Callable[..., None]
) -> None:
    sha256 = uuid4().hex * 2
    with ExitStack() as stack:
        followers = [stack.enter_context(following(database_url)) for _ in range(4)]
        eventually(lambda: not any(map(is_loading, followers)))

        with transaction(database) as session:
            known_media.add(session, [NewEntry(KnownLabel.DEEPFAKE, "decisions", sha256)], "kim")
        eventually(lambda: all(each.media.settled(sha256) for each in followers), seconds=2)

        with transaction(database) as session:
            (entry,) = known_media.with_sha256(session, [sha256])
            known_media.remove(session, [entry.entry_id], "kim", "a mistake")
        eventually(lambda: not any(each.media.settled(sha256) for each in followers), seconds=2)


def test_changes_of_concurrent_transactions_are_all_followed(database: Engine) -> None:
    """Given a transaction that changes entries and ends late, no follower skips what it wrote."""
    follower = make_known_media(database)
    hashes = [uuid4().hex * 2 for _ in range(2)]
    begun = threading.Event()

    def second() -> None:
        begun.set()
        with transaction(database) as session:
            known_media.add(session, [NewEntry(KnownLabel.DEEPFAKE, "b", hashes[1])], "kim")
        follower.refresh()

    with transaction(database) as session:
        known_media.add(session, [NewEntry(KnownLabel.DEEPFAKE, "a", hashes[0])], "kim")
        thread = threading.Thread(target=second)
        thread.start()
        begun.wait(10)
        follower.refresh()
    thread.join(10)
    follower.refresh()

    assert [follower.media.settled(sha256) is not None for sha256 in hashes] == [True, True]


def test_nothing_is_judged_before_the_known_media_are_read(database_url: str, database: Engine) -> None:
    media = KnownMedia(MatchRate(1, lambda *_: None))
    follower = KnownMediaFollower(database_url, database, media, retry=RetrySettings())

    with pytest.raises(KnownMediaNotLoadedError):
        follower.require_loaded()
    follower.refresh()
    follower.require_loaded()


def test_removal_is_on_record_and_happens_once(database: Engine) -> None:
    with transaction(database) as session:
        known_media.add(session, [NewEntry(KnownLabel.DEEPFAKE, "x", uuid4().hex * 2)], "kim")
        entry = max(known_media.changes(session, 0, 1_000), key=lambda each: each.change)

    with transaction(database) as session:
        assert known_media.remove(session, [entry.entry_id], "lee", "a request") == [entry.entry_id]
        assert known_media.remove(session, [entry.entry_id, uuid4()], "lee", "again") == []
        found = known_media.find(session, entry.entry_id)
    assert found is not None
    assert found.removed


def is_loading(follower: KnownMediaFollower) -> bool:
    try:
        follower.require_loaded()
    except KnownMediaNotLoadedError:
        return True
    return False
