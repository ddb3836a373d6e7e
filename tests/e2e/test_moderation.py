"""The tag follows moderators' decisions on a post that was submitted through the gateway."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest

from infra.local.state_file import read_state
from pipeline.demo import pictures
from schemas.moderation import DecisionKind
from schemas.tags import CauseKind, TagAction
from schemas.verdicts import Label
from tests.e2e.conftest import System

TIMEOUT_SECONDS = 60.0


def fakeme(system: System, *arguments: str) -> Any:
    """Run a `fakeme` command and return its JSON output."""
    process = subprocess.run(
        [sys.executable, "-m", "pipeline", *arguments, "--json"],
        env=system.environment(),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    return json.loads(process.stdout)


@pytest.fixture
def gateway(system: System) -> httpx.Client:
    key = fakeme(system, "api-keys", "create", "e2e-platform")["token"]
    state = read_state(system.folder) or {}
    return httpx.Client(
        base_url=state["gateway_url"], headers={"Authorization": f"Bearer {key}"}, timeout=TIMEOUT_SECONDS
    )


@pytest.mark.timeout(240)
def test_a_decision_adds_the_tag_and_another_removes_it(system: System, gateway: httpx.Client) -> None:
    post_id = f"moderated-{uuid4().hex}"
    with system.platform() as platform, platform.follow_tags([post_id]) as tags:
        media = platform.upload(pictures.jpeg(pictures.no_face(), quality=77), media_type="image/jpeg")

        # Given a post without a face, and a reader who reports it.
        accepted = gateway.post(
            "/v1/posts",
            json={
                "post_id": post_id,
                "author_id": "author",
                "media": [media.model_dump(mode="json")],
                "created_at": datetime.now(UTC).isoformat(),
            },
        )
        assert accepted.status_code == 202, accepted.text
        verdict = gateway.get(f"/v1/posts/{post_id}/verdict", params={"wait": "30s"})
        assert (verdict.status_code, verdict.json()["label"]) == (200, Label.NO_FACE.value)
        report(gateway, post_id, "first reader")

        # When a moderator decides that it is a deepfake, the tag is added.
        decided = decide(system, post_id, DecisionKind.DEEPFAKE)
        added = tags.poll(TIMEOUT_SECONDS)
        assert added is not None
        assert (added.action, added.cause.kind) == (TagAction.ADD, CauseKind.DECISION)
        assert str(added.cause.id) == decided["decision_id"]
        assert gateway.get(f"/v1/posts/{post_id}/tag").json()["tagged"] is True

        # When another decision says that it is authentic, the tag is removed.
        report(gateway, post_id, "second reader")
        decide(system, post_id, DecisionKind.AUTHENTIC)
        removed = tags.poll(TIMEOUT_SECONDS)
        assert removed is not None
        assert removed.action is TagAction.REMOVE
        assert tags.poll(1.0) is None


def report(gateway: httpx.Client, post_id: str, reader: str) -> None:
    accepted = gateway.post(
        "/v1/reports",
        json={
            "report_id": uuid4().hex,
            "post_id": post_id,
            "reporter_id": reader.replace(" ", "-"),
            "reason": "impersonation",
            "reported_at": datetime.now(UTC).isoformat(),
        },
    )
    assert accepted.status_code == 202, accepted.text


def decide(system: System, post_id: str, decision: DecisionKind) -> Any:
    """Wait for the case of the post, then claim and decide it with the `fakeme` command."""
    deadline = datetime.now(UTC).timestamp() + TIMEOUT_SECONDS
    waiting: list[Any] = []
    while not waiting:
        assert datetime.now(UTC).timestamp() < deadline, f"no case for {post_id}"
        listed = fakeme(system, "cases", "list", "--limit", "1000")
        waiting = [case for case in listed if case["post_id"] == post_id]
    case = waiting[0]["case_id"]
    fakeme(system, "cases", "claim", case, "--as", "moderator")
    return fakeme(
        system, "cases", "decide", case, decision.value, "--as", "moderator", "--note", "looked at it"
    )
