"""Measure the latency of a single post, from post to tag, in a warm and otherwise idle pipeline."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median
from uuid import uuid4

import cv2
import numpy as np
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from infra.local.status import check_stack
from pipeline.demo import pictures
from pipeline.producers import PlatformClient, S3Access
from pipeline.settings import data_folder, load_settings
from schemas.posts import PostCreated
from schemas.verdicts import Label

EDGE = 1414  # 2 megapixels
WARM_UP = 2  # posts that are not included in the figures
TIMEOUT_SECONDS = 60.0


@dataclass(frozen=True)
class Sample:
    """Seconds since the post was published; ``tag`` is None if the verdict requires no tag."""

    verdict: float
    tag: float | None


def distinct_pictures(count: int) -> Iterator[bytes]:
    """Yield forged portraits of 2 megapixels, each with different noise in a corner to prevent caching."""
    enlarged = cv2.resize(pictures.swapped(), (EDGE, EDGE), interpolation=cv2.INTER_CUBIC)
    large = np.asarray(enlarged, dtype=np.uint8)
    noise = np.random.default_rng()
    for _ in range(count):
        large[:32, :32] = noise.integers(0, 256, (32, 32, 3))
        yield pictures.jpeg(large)


def measure(platform: PlatformClient, picture: bytes) -> Sample:
    """Publish one picture and wait for its verdict, and for its tag if the verdict requires one."""
    post_id = f"latency-{uuid4().hex}"
    media = platform.upload(picture, media_type="image/jpeg")
    post = PostCreated(post_id=post_id, author_id="benchmark", media=(media,), created_at=datetime.now(UTC))
    with platform.follow_verdicts([post_id]) as verdicts, platform.follow_tags([post_id]) as tags:
        start = time.monotonic()
        platform.publish_post(post)
        verdict = verdicts.poll(TIMEOUT_SECONDS)
        verdict_seconds = time.monotonic() - start
        if verdict is None:
            raise typer.BadParameter(f"no verdict within {TIMEOUT_SECONDS} s: is `fakeme up` running?")
        tag = tags.poll(TIMEOUT_SECONDS) if verdict.label is Label.DEEPFAKE else None
        return Sample(verdict_seconds, time.monotonic() - start if tag is not None else None)


def main(posts: int = typer.Option(20, min=1, help="Number of measured posts.")) -> None:
    """Print tables of latencies and memory use."""
    settings = load_settings()
    access = S3Access(settings.s3_endpoint, *settings.platform_s3_keys)
    with PlatformClient(settings.brokers, source="benchmark", s3=access) as platform:
        samples = [
            measure(platform, picture)
            for picture in track(list(distinct_pictures(posts + WARM_UP)), "posting", transient=True)
        ][WARM_UP:]
    console = Console()
    console.print(_times(samples))
    console.print(_memory())


def _times(samples: list[Sample]) -> Table:
    table = Table("seconds", "posts", "min", "median", "max", title="one 2 MP picture, warm pipeline")
    tagged = [sample.tag for sample in samples if sample.tag is not None]
    for name, values in (
        ("post to verdict", [sample.verdict for sample in samples]),
        ("post to tag", tagged),
    ):
        figures = [f"{figure(values):.3f}" if values else "-" for figure in (min, median, max)]
        table.add_row(name, str(len(values)), *figures)
    return table


def _memory() -> Table:
    status = check_stack(data_folder())
    table = Table("process", "MB", title="memory (shared pages counted once)")
    for service in status.services:
        table.add_row(service.name, f"{service.memory_bytes / 1e6:.0f}")
    table.add_row("total", f"{status.memory_bytes / 1e6:.0f}", style="bold")
    return table


if __name__ == "__main__":
    typer.run(main)
