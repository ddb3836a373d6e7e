"""`fakeme post`: publish a post like a platform does, and show its verdict and tag."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import uuid4

import typer
from rich.console import Console
from rich.table import Table

from pipeline.errors import PipelineError
from pipeline.settings import load_settings
from schemas.posts import MAX_MEDIA, PostCreated
from schemas.tags import PostTagged
from schemas.verdicts import Label, VerdictIssued

if TYPE_CHECKING:
    from pipeline.producers import PlatformClient


class TooManyFilesError(PipelineError):
    """More files than a post may have media items."""


@dataclass
class Outcome:
    """The verdict and tag of a post; times in seconds since it was published."""

    post_id: str
    files: tuple[Path, ...]
    verdict: VerdictIssued | None = None
    tag: PostTagged | None = None
    seconds: dict[str, float] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """Return the outcome as a JSON object."""
        return {
            "post_id": self.post_id,
            "files": [str(file) for file in self.files],
            "verdict": self.verdict and self.verdict.model_dump(mode="json"),
            "tag": self.tag and self.tag.model_dump(mode="json"),
            "seconds": self.seconds,
        }


def post(
    files: Annotated[list[Path], typer.Argument(help="Pictures and videos of the post, at most 20.")],
    text: Annotated[str, typer.Option(help="The post's text.")] = "",
    author: Annotated[str, typer.Option(help="The author's id.")] = "fakeme-post",
    wait: Annotated[float, typer.Option(min=1, help="Seconds to wait for the verdict and the tag.")] = 30.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object instead of a table.")] = False,
) -> None:
    """Upload files, publish them as one post and show its verdict and tag; exit with code 1 on timeout."""
    if len(files) > MAX_MEDIA:
        raise TooManyFilesError(
            f"{len(files)} files: a post has at most {MAX_MEDIA} media items, so create several posts"
        )
    with _platform() as client:
        outcome = _publish_and_wait(client, tuple(files), text, author, wait)
    if as_json:
        print(json.dumps(outcome.document(), ensure_ascii=False, indent=2))
    else:
        _show(outcome)
    if outcome.verdict is None:
        Console(stderr=True).print(
            f"no verdict on {outcome.post_id} within {wait:g} s: "
            "check with `fakeme status` that the detection worker is running",
            soft_wrap=True,
        )
        raise typer.Exit(1)


def _platform() -> "PlatformClient":
    from pipeline.producers import PlatformClient, S3Access  # noqa: PLC0415 - the Kafka client is slow to import

    settings = load_settings()
    access = S3Access(
        settings.s3_endpoint, *settings.platform_s3_keys, settings.s3_region, settings.media_bucket
    )
    return PlatformClient(settings.brokers, source="fakeme-post", s3=access)


def _publish_and_wait(
    client: "PlatformClient", files: tuple[Path, ...], text: str, author: str, wait: float
) -> Outcome:
    outcome = Outcome(f"cli-{uuid4()}", files)
    media = tuple(client.upload(file) for file in files)
    with (
        client.follow_verdicts([outcome.post_id], timeout=wait) as verdicts,
        client.follow_tags([outcome.post_id], timeout=wait) as tags,
    ):
        started = time.monotonic()
        client.publish_post(
            PostCreated(
                post_id=outcome.post_id,
                author_id=author,
                text=text,
                media=media,
                created_at=datetime.now(UTC),
            )
        )
        with _timed(outcome, "verdict", started):
            outcome.verdict = next(iter(verdicts), None)
        if outcome.verdict is not None and outcome.verdict.label is Label.DEEPFAKE:
            with _timed(outcome, "tag", started):  # only this label sets the tag of a new post
                outcome.tag = next(iter(tags), None)
    return outcome


@contextmanager
def _timed(outcome: Outcome, event: str, started: float) -> Iterator[None]:
    yield
    outcome.seconds[event] = round(time.monotonic() - started, 3)


def _show(outcome: Outcome) -> None:
    if outcome.verdict is None:
        return
    table = Table("file", "label", "score", "faces", "reason", title=f"post {outcome.post_id}")
    for file, media in zip(outcome.files, outcome.verdict.media, strict=True):
        score = "" if media.score is None else f"{media.score:.3f}"
        reason = f"{media.reason}: {media.detail}" if media.reason else ""
        table.add_row(file.name, media.label, score, str(len(media.faces)), reason)
    console = Console()
    console.print(table)
    console.print(f"verdict: {outcome.verdict.label} after {outcome.seconds['verdict']:.2f} s")
    console.print(f"tag: {_tag_line(outcome)}")


def _tag_line(outcome: Outcome) -> str:
    if outcome.tag is not None:
        return f"{outcome.tag.tag} after {outcome.seconds['tag']:.2f} s ({outcome.tag.why.en})"
    if "tag" in outcome.seconds:
        return (
            f"none within {outcome.seconds['tag']:.0f} s: check with `fakeme status` that tagging is running"
        )
    return "none"
