"""Runs the demo on a running pipeline: upload, publish, and follow until all results are complete."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from queue import Empty, SimpleQueue
from uuid import uuid4

from pipeline.demo.board import Board, Row
from pipeline.demo.scenario import SCENES, Scene
from pipeline.producers import Follower, PlatformClient, S3Access
from pipeline.settings import Settings
from schemas.base import Contract
from schemas.moderation import CaseChanged
from schemas.posts import Media, PostCreated, PostReported, ReportReason
from schemas.topics import MODERATION_CASES

SOURCE = "fakeme-demo"
TIMEOUT_SECONDS = 90.0  # for a cold model on a busy machine; a warm pipeline takes a tenth

Watcher = Callable[[Board], None]


def play(settings: Settings, watch: Watcher) -> Board:
    """Publish all scenes and follow them; call ``watch`` after every change."""
    run = uuid4().hex[:8]
    access = S3Access(
        settings.s3_endpoint, *settings.platform_s3_keys, settings.s3_region, settings.media_bucket
    )
    ids = {scene.name: f"demo-{run}-{scene.name}" for scene in SCENES}
    with (
        PlatformClient(settings.brokers, source=SOURCE, s3=access) as platform,
        _following(settings, platform, list(ids.values())) as arrivals,
    ):
        media = {
            scene.name: platform.upload(
                scene.make(), f"demo/{run}/{scene.reposts or scene.name}", media_type=scene.media_type
            )
            for scene in SCENES
        }
        board = Board(_publish(platform, scene, ids[scene.name], media[scene.name]) for scene in SCENES)
        _follow(board, arrivals, watch)
    return board


def _publish(platform: PlatformClient, scene: Scene, post_id: str, media: Media) -> Row:
    now = datetime.now(UTC)
    row = Row(scene, post_id, time.monotonic())
    platform.send(
        PostCreated(
            post_id=post_id, author_id="demo-author", text=scene.description, media=(media,), created_at=now
        )
    )
    if scene.reported:
        platform.send(
            PostReported(
                report_id=f"{post_id}-report",
                post_id=post_id,
                reporter_id="demo-reader",
                reason=ReportReason.IMPERSONATION,
                text="I know her: she never posed for this.",
                media=(media,),
                reported_at=now,
            )
        )
    return row


def _follow(board: Board, arrivals: "SimpleQueue[Contract]", watch: Watcher) -> None:
    deadline = time.monotonic() + TIMEOUT_SECONDS
    watch(board)
    while not board.complete and time.monotonic() < deadline:
        try:
            event = arrivals.get(timeout=0.5)
        except Empty:
            continue
        board.add(event, time.monotonic())
        watch(board)


@contextmanager
def _following(
    settings: Settings, platform: PlatformClient, posts: list[str]
) -> Iterator["SimpleQueue[Contract]"]:
    """Follow the verdicts, tags and cases of these posts from now on, each in its own thread."""
    arrivals: SimpleQueue[Contract] = SimpleQueue()
    with ExitStack() as stack:
        cases = Follower(settings.brokers, MODERATION_CASES, CaseChanged, post_ids=posts)
        followers = (platform.follow_verdicts(posts), platform.follow_tags(posts), cases)
        threads = [
            threading.Thread(target=_collect, args=(stack.enter_context(follower), arrivals), daemon=True)
            for follower in followers
        ]
        for thread in threads:
            thread.start()
        try:
            yield arrivals
        finally:
            for follower in followers:
                follower.stop()
            for thread in threads:
                thread.join()


def _collect(follower: Follower[Contract], arrivals: "SimpleQueue[Contract]") -> None:
    for event in follower:
        arrivals.put(event)
