"""Runs the demo on a running pipeline: upload, publish, and follow until all results are complete."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from queue import Empty, SimpleQueue
from uuid import uuid4

from pipeline.demo.board import Board, Row
from pipeline.demo.decision import KNOWN_MEDIA
from pipeline.demo.making import Maker, NotPossibleError
from pipeline.demo.scenario import SCENES
from pipeline.producers import Follower, PlatformClient, S3Access
from pipeline.settings import Settings
from schemas.base import Contract
from schemas.moderation import CaseChanged
from schemas.posts import Media, PostCreated, PostReported, ReportReason
from schemas.topics import MODERATION_CASES

SOURCE = "fakeme-demo"
TIMEOUT_SECONDS = 180.0  # for a cold model on a busy machine; a warm pipeline takes a tenth
KNOWN_SECONDS = 2.0  # within which workers use a new entry of the known media

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
        files, left_out = make_media(Maker(run, settings))
        media = {
            scene.name: platform.upload(
                files[scene.name], f"demo/{run}/{scene.reposts or scene.name}", media_type=scene.media_type
            )
            for scene in SCENES
            if scene.name in files
        }
        board = Board((Row(scene, ids[scene.name]) for scene in SCENES if scene.name in media), left_out)
        _follow(board, arrivals, lambda: _publish_due(platform, board, media), watch)
    return board


def make_media(maker: Maker) -> tuple[dict[str, bytes], dict[str, str]]:
    """Return the files of the scenes, and why there is none for some of them, by scene.

    A scene is left out if the settings turn its signal off, or give nothing to make its file with.
    """
    files: dict[str, bytes] = {}
    left_out: dict[str, str] = {}
    banked_at = 0.0
    for scene in sorted(SCENES, key=lambda scene: scene.decided_by != KNOWN_MEDIA):
        if scene.finding in maker.settings.detection.disabled_signals:
            left_out[scene.name] = f"the signal {scene.finding} is disabled"
            continue
        try:
            files[scene.name] = scene.make(maker)
        except NotPossibleError as error:
            left_out[scene.name] = str(error)
        banked_at = banked_at or time.monotonic()
    time.sleep(max(0.0, banked_at + KNOWN_SECONDS - time.monotonic()))
    return files, left_out


def _publish_due(platform: PlatformClient, board: Board, media: Mapping[str, Media]) -> None:
    for row in board.due:
        _publish(platform, row, media[row.scene.name])
    for row in board.rows.values():
        if row.report_is_due:
            _report(platform, row, media[row.scene.name])


def _publish(platform: PlatformClient, row: Row, media: Media) -> None:
    row.published_at = time.monotonic()
    platform.send(
        PostCreated(
            post_id=row.post_id,
            author_id="demo-author",
            text=row.scene.description,
            media=(media,),
            created_at=datetime.now(UTC),
        )
    )


def _report(platform: PlatformClient, row: Row, media: Media) -> None:
    row.reported = True
    platform.send(
        PostReported(
            report_id=f"{row.post_id}-report",
            post_id=row.post_id,
            reporter_id="demo-reader",
            reason=ReportReason.IMPERSONATION,
            text="I know her: she never posed for this.",
            media=(media,),
            reported_at=datetime.now(UTC),
        )
    )


def _follow(
    board: Board, arrivals: "SimpleQueue[Contract]", publish_due: Callable[[], None], watch: Watcher
) -> None:
    deadline = time.monotonic() + TIMEOUT_SECONDS
    publish_due()
    watch(board)
    while not board.complete and time.monotonic() < deadline:
        try:
            event = arrivals.get(timeout=0.5)
        except Empty:
            continue
        board.add(event, time.monotonic())
        publish_due()
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
