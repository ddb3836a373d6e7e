"""A small platform in Python: upload files, publish them as one post, print the verdict and the tag."""

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from pipeline.producers import PlatformClient, S3Access
from schemas.posts import PostCreated
from schemas.verdicts import Label, VerdictIssued

WAIT_SECONDS = 60


def connect() -> PlatformClient:
    """Return a client of the local stack, with the addresses and keys that `fakeme up` wrote."""
    stack = json.loads(Path(os.environ.get("FAKEME_HOME", ".fakeme"), "stack.json").read_text())
    s3 = S3Access(stack["s3_endpoint"], stack["platform_s3_access_key"], stack["platform_s3_secret_key"])
    return PlatformClient(stack["kafka_bootstrap"], source="https://social.example", s3=s3)


def publish(fakeme: PlatformClient, post_id: str, files: list[str]) -> None:
    """Upload the files, then publish the post. Both may be repeated: a repeat is the same post."""
    media = tuple(fakeme.upload(file) for file in files)
    fakeme.publish_post(
        PostCreated(post_id=post_id, author_id="ann", media=media, created_at=datetime.now(UTC))
    )


def show(verdict: VerdictIssued) -> None:
    """Print the label of the post and of each of its media."""
    print(f"verdict: {verdict.label}, score {verdict.score}")
    for media in verdict.media:
        print(f"  {media.uri}: {media.label}, {len(media.faces)} faces, {media.reason or 'no reason'}")


def main(files: list[str]) -> int:
    """Return 0 once the answer arrived, 1 if it did not arrive in time."""
    post_id = f"example-{uuid4()}"
    with connect() as fakeme:
        # A follower reads from the moment it is made, so make both before publishing.
        verdicts = fakeme.follow_verdicts([post_id], timeout=WAIT_SECONDS)
        tags = fakeme.follow_tags([post_id], timeout=WAIT_SECONDS)
        with verdicts, tags:
            publish(fakeme, post_id, files)
            verdict = next(iter(verdicts), None)
            if verdict is None:
                print(f"no verdict on {post_id} within {WAIT_SECONDS} s: is detection running?")
                return 1
            show(verdict)
            if verdict.label is Label.DEEPFAKE:  # no other label adds a tag to a new post
                tag = next(iter(tags), None)
                print(f"tag: {tag.action} {tag.tag}, {tag.why.en}" if tag else "tag: none in time")
    return 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: post_and_follow.py FILE...")
    sys.exit(main(sys.argv[1:]))
