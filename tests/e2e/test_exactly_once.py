"""Despite crashes, every post gets one verdict, every content one analysis, and every tag is set once."""

import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from pipeline.demo import pictures
from pipeline.producers import Follower
from schemas.base import Contract
from schemas.posts import Media, PostCreated
from schemas.tags import PostTagged
from schemas.verdicts import Label, VerdictIssued
from storage.database import connect, transaction
from storage.tables import AnalysisRow, Verdict
from tests.e2e.conftest import System

POSTS = 200
TIMEOUT_SECONDS = 300.0


def small_pictures(count: int) -> list[bytes]:
    """Return distinct 256 x 256 pictures: the real and the swapped portrait in turn, each with a mark."""
    faces = [image[30:286, 96:352] for image in (pictures.portrait(), pictures.swapped())]
    encoded = []
    for number in range(count):
        marked = faces[number % 2].copy()
        marked[-8:, :count] = 0
        marked[-8:, :number] = 255  # a bar at the lower edge, far from the face
        encoded.append(pictures.jpeg(marked))
    assert len(set(encoded)) == count
    return encoded


def post(post_id: str, media: Media) -> PostCreated:
    return PostCreated(post_id=post_id, author_id="author", media=(media,), created_at=datetime.now(UTC))


def collect(follower: "Follower[Contract]", events: list[Contract], done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while not done():
        assert time.monotonic() < deadline, f"{len(events)} events after {TIMEOUT_SECONDS} s"
        event = follower.poll(0.5)
        if event is not None:
            events.append(event)


@pytest.mark.timeout(600)
def test_400_posts_of_200_contents_with_two_crashes(system: System) -> None:
    run = uuid4().hex[:8]
    ids = [f"{run}-{number}" for number in range(2 * POSTS)]
    started = datetime.now(UTC)
    verdicts: list[VerdictIssued] = []
    with system.platform() as platform, platform.follow_verdicts(ids) as follower:
        media = [
            platform.upload(data, f"{run}/{number}.jpg", media_type="image/jpeg")
            for number, data in enumerate(small_pictures(POSTS))
        ]
        platform.publish_many(post(ids[number], media[number % POSTS]) for number in range(2 * POSTS))
        for crash_after in (POSTS // 2, POSTS):
            collect(follower, verdicts, lambda: len(verdicts) >= crash_after)  # noqa: B023 - called at once
            crash(system, "detection")
        collect(follower, verdicts, lambda: len({verdict.post_id for verdict in verdicts}) == 2 * POSTS)

    # One verdict for each post, even if it was published twice.
    assert len({verdict.verdict_id for verdict in verdicts}) == 2 * POSTS
    engine = connect(system.settings.database_url.get_secret_value())
    with transaction(engine) as session:
        stored = session.scalar(select(func.count()).where(Verdict.post_id.in_(ids)))
        hashes = [item.sha256 for item in media]
        analyses = session.scalar(select(func.count()).where(AnalysisRow.sha256.in_(hashes)))
    assert (stored, analyses) == (2 * POSTS, POSTS)

    # One tag for each deepfake, none for the other posts.
    deepfakes = {verdict.post_id for verdict in verdicts if verdict.label is Label.DEEPFAKE}
    tags: list[PostTagged] = []
    with system.platform() as platform, platform.follow_tags(ids, since=started) as follower:
        collect(follower, tags, lambda: deepfakes <= {tag.post_id for tag in tags})
        while (late := follower.poll(2.0)) is not None:
            tags.append(late)
    assert Counter(tag.post_id for tag in tags) == Counter(deepfakes)


def crash(system: System, name: str) -> None:
    """Kill a process with SIGKILL and wait until the supervisor has restarted it."""
    killed = system.pid(name)
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    deadline = time.monotonic() + 60
    while system.pid(name) in (killed, None):
        assert time.monotonic() < deadline, f"{name} was not restarted"
        time.sleep(0.1)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("server", ["seaweedfs", "postgres", "kafka"])
def test_posts_wait_while_a_server_is_unavailable(system: System, server: str) -> None:
    run = uuid4().hex[:8]
    ids = [f"{run}-{number}" for number in range(20)]
    verdicts: list[VerdictIssued] = []
    with system.platform() as platform, platform.follow_verdicts(ids) as follower:
        media = platform.upload(
            pictures.jpeg(pictures.no_face(), quality=60), f"{run}/coffee.jpg", media_type="image/jpeg"
        )
        platform.publish_many(post(post_id, media) for post_id in ids[:10])
        crash(system, server)
        platform.publish_many(post(post_id, media) for post_id in ids[10:])
        collect(follower, verdicts, lambda: {verdict.post_id for verdict in verdicts} == set(ids))

    assert {verdict.label for verdict in verdicts} == {Label.NO_FACE}
    assert len({verdict.verdict_id for verdict in verdicts}) == len(ids)
