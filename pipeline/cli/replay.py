"""`fakeme replay`: have posts checked again, at the lowest priority."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID, uuid5

import typer
from rich.console import Console
from rich.progress import track

from pipeline.cli.database_session import database_session
from pipeline.cli.known import find_entry
from pipeline.settings import load_settings


def replay(
    known: Annotated[
        UUID,
        typer.Option(help="Posts whose media match this entry of `fakeme known list`.", show_default=False),
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only print the ids of the posts.")] = False,
) -> None:
    """Have all past posts checked again that match an entry of the known media.

    Reads all analyses and verdicts of the database. A second call with the same entry changes nothing,
    because a replay of a post is answered once.
    """
    from inference.fingerprint import dihedral  # noqa: PLC0415 - the parts of the pipeline load slowly
    from pipeline.producers.client.platform_client import PlatformClient  # noqa: PLC0415
    from schemas.posts import PostReplayed  # noqa: PLC0415
    from storage import known_posts  # noqa: PLC0415

    settings = load_settings()
    with database_session("replay", patient=True) as session:
        entry = find_entry(session, known)
        pdqs = {variant for pdq in entry.pdqs for variant in dihedral(pdq)}
        media = known_posts.similar_media(session, entry.sha256, pdqs, entry.threshold)
        posts = list(known_posts.posts_with(session, media))
    if dry_run:
        for post_id in posts:
            print(post_id)
        return
    now = datetime.now(UTC)
    with PlatformClient(settings.brokers, source=settings.source) as client:
        events = (
            PostReplayed(replay_id=str(uuid5(known, post_id)), post_id=post_id, media=(), replayed_at=now)
            for post_id in track(posts, "replaying", console=Console(stderr=True), transient=True)
        )
        client.publish_many(events)
    print(f"{len(posts)} posts with {len(media)} matching media are checked again")
