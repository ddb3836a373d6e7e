"""The page /verify on real services: the worker's own verifier follows the moderators' decisions."""

import threading
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine

from pipeline.consumers.detection import make_verifier
from pipeline.demo import pictures
from pipeline.producers.gateway.server import make_gateway
from pipeline.settings import Settings
from storage import known_media
from storage.database import transaction
from storage.known_media import OWN_BANK, KnownLabel, NewEntry
from tests.unit.pipeline.producers.gateway.verify_page.serving import eventually


@pytest.fixture
def url(
    kafka_bootstrap: str, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """The address of the page, as `fakeme worker gateway` serves it."""
    monkeypatch.setenv("FAKEME_HOME", str(tmp_path))
    settings = Settings.model_validate(
        {
            "kafka_bootstrap": kafka_bootstrap,
            "database_url": database_url,
            "gateway": {"port": 0, "verify_page": True, "verify_burst": 10_000},
        }
    )
    server = make_gateway(settings, make_verifier)
    thread = threading.Thread(target=server.run)
    thread.start()
    eventually(lambda: server.ready)
    yield f"http://127.0.0.1:{server.port}/verify"
    server.stop()
    thread.join(60)
    assert not thread.is_alive()


def label_of(url: str, picture: bytes) -> str:
    answer = httpx.post(url, files={"file": picture}, headers={"Accept": "application/json"}, timeout=120)
    return str(answer.json().get("wording", answer.status_code))


def test_a_decision_is_used_within_seconds(url: str, engine: Engine) -> None:
    picture = pictures.jpeg(pictures.no_face())
    eventually(lambda: httpx.get(url).status_code == 200)
    eventually(lambda: label_of(url, picture) == "no_face")  # once the known media are read
    entry = NewEntry(KnownLabel.DEEPFAKE, OWN_BANK, sha256=sha256(picture).hexdigest())

    with transaction(engine) as session:
        known_media.add(session, [entry], "moderator:kim")

    eventually(lambda: label_of(url, picture) == "known_deepfake")
