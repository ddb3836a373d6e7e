"""Measure how many posts a second the running stack answers: new pictures, then the same bytes again.

    fakeme up                                    # in another terminal
    python -m benchmarks.detection_throughput --posts 150 --reposts 600

Publishes all posts at once and waits for all verdicts. New pictures measure the model, reposts measure
everything around it: storage, database, topics.
"""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated
from uuid import uuid4

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from pipeline.demo import pictures
from pipeline.producers import PlatformClient, S3Access
from pipeline.settings import load_settings
from schemas.posts import Media, PostCreated

SECONDS = 600.0  # for all verdicts of one series


def new_pictures(count: int, seed: int) -> list[bytes]:
    """Return ``count`` JPEG portraits that differ in a few pixels, so that none is known yet."""
    rng = np.random.default_rng(seed)
    portrait = np.asarray(pictures.portrait())
    made = []
    for _ in range(count):
        noisy = portrait.copy()
        noisy[:8, :8] = rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)
        made.append(pictures.jpeg(noisy))
    return made


def posts_per_second(client: PlatformClient, media: Sequence[Media]) -> float:
    """Publish one post for each media item; return posts divided by the seconds until the last verdict."""
    run = uuid4().hex
    posts = [
        PostCreated(post_id=f"{run}-{number}", author_id="bench", media=(item,), created_at=datetime.now(UTC))
        for number, item in enumerate(media)
    ]
    unanswered = {post.post_id for post in posts}
    with client.follow_verdicts(list(unanswered), timeout=SECONDS) as verdicts:
        start = time.perf_counter()
        client.publish_many(posts)
        for verdict in verdicts:
            unanswered.discard(verdict.post_id)
            if not unanswered:
                return len(posts) / (time.perf_counter() - start)
    raise SystemExit(f"{len(unanswered)} of {len(posts)} posts got no verdict within {SECONDS:.0f} s")


def main(
    posts: Annotated[int, typer.Option(min=1, help="New pictures in each round.")] = 150,
    reposts: Annotated[int, typer.Option(min=1, help="Posts with known bytes in each round.")] = 600,
    rounds: Annotated[int, typer.Option(min=1, help="Repetitions; the table shows each.")] = 3,
) -> None:
    """Print posts per second of each round."""
    settings = load_settings()
    s3 = S3Access(settings.s3_endpoint, *settings.platform_s3_keys)
    table = Table("round", "new pictures/s", "reposts/s")
    with PlatformClient(settings.brokers, source="benchmark", s3=s3) as client:
        for number in range(rounds):
            contents = new_pictures(posts, seed=time.time_ns())
            media = [client.upload(content, media_type="image/jpeg") for content in contents]
            new = posts_per_second(client, media)
            again = posts_per_second(client, [media[index % len(media)] for index in range(reposts)])
            table.add_row(str(number + 1), f"{new:.1f}", f"{again:.1f}")
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
