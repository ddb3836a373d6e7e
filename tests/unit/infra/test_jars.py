"""Only locked jars of Kafka are used."""

import hashlib
import re
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
import requests

from infra.errors import JarsError
from infra.local import jars
from infra.local.jars import LOCK, cache_folder, fetch_jars, kafka_version, read_lock

ENTRY = """
[[dependencies]]
groupId = "org.example"
artifactId = "{name}"
version = "{version}"
packaging = "jar"
sha256 = "{sha256}"
"""
CONTENT = b"a jar"
CONTENT_SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def lock(tmp_path: Path) -> Callable[..., Path]:
    """Write a lock file with entries of (name, version, sha256)."""

    def write(*entries: tuple[str, str, str]) -> Path:
        file = tmp_path / "kafka.lock"
        blocks = [
            ENTRY.format(name=name, version=version, sha256=sha256) for name, version, sha256 in entries
        ]
        file.write_text('[metadata]\njgo_version = "2.0.0"\n' + "".join(blocks))
        return file

    return write


@pytest.fixture
def downloads(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The responses of Maven Central, one body for each jar; if empty, it is unreachable."""
    bodies: list[bytes] = []

    def answer(url: str, **_: object) -> requests.Response:
        response = requests.Response()
        if url.endswith(".sha1"):
            response.status_code = 404
            return response
        if not bodies:
            raise requests.ConnectionError("no route to host")
        response.status_code = 200
        response.raw = BytesIO(bodies.pop(0))
        return response

    monkeypatch.setattr("jgo.util.http.get", answer)
    return bodies


def put(cache: Path, name: str, version: str, content: bytes) -> Path:
    file = cache / "org" / "example" / name / version / f"{name}-{version}.jar"
    file.parent.mkdir(parents=True)
    file.write_bytes(content)
    return file


def test_shipped_lock_file_has_one_kafka_version_hashes_and_no_urls() -> None:
    assert kafka_version() == "4.3.0"
    assert len(read_lock()) == 46
    assert all(re.fullmatch(r"[0-9a-f]{64}", jar.sha256) for jar in read_lock())
    assert "://" not in LOCK.read_text()


def test_cached_jar_is_used_without_network(
    tmp_path: Path, lock: Callable[..., Path], downloads: list[bytes]
) -> None:
    cached = put(tmp_path / "cache", "kafka-x", "1", CONTENT)
    assert fetch_jars(tmp_path / "cache", lock(("kafka-x", "1", CONTENT_SHA256))) == [cached]


def test_modified_jar_is_downloaded_again(
    tmp_path: Path, lock: Callable[..., Path], downloads: list[bytes]
) -> None:
    cached = put(tmp_path / "cache", "kafka-x", "1", b"half a j")
    downloads.append(CONTENT)
    assert fetch_jars(tmp_path / "cache", lock(("kafka-x", "1", CONTENT_SHA256))) == [cached]
    assert cached.read_bytes() == CONTENT


def test_download_with_a_wrong_hash_is_rejected_and_deleted(
    tmp_path: Path, lock: Callable[..., Path], downloads: list[bytes]
) -> None:
    downloads.append(b"something else")
    with pytest.raises(JarsError, match=f"expected {CONTENT_SHA256}"):
        fetch_jars(tmp_path / "cache", lock(("kafka-x", "1", CONTENT_SHA256)))
    assert list((tmp_path / "cache").rglob("*.jar")) == []


def test_failed_download_names_the_jar_and_a_remedy(
    tmp_path: Path, lock: Callable[..., Path], downloads: list[bytes]
) -> None:
    with pytest.raises(JarsError, match=r"org\.example:kafka-x:1 .* cannot be downloaded.*Maven Central"):
        fetch_jars(tmp_path / "cache", lock(("kafka-x", "1", CONTENT_SHA256)))


def test_lock_file_with_mixed_kafka_versions_is_rejected(lock: Callable[..., Path]) -> None:
    with pytest.raises(JarsError, match=r"mixes Kafka versions \['1', '2'\]"):
        kafka_version(
            lock(
                ("kafka-x", "1", CONTENT_SHA256),
                ("kafka-y", "2", CONTENT_SHA256),
                ("other", "3", CONTENT_SHA256),
            )
        )


def test_lock_file_without_a_hash_is_rejected(lock: Callable[..., Path]) -> None:
    with pytest.raises(JarsError, match="no SHA-256"):
        read_lock(lock(("kafka-x", "1", "")))


def test_cache_folder_follows_xdg(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "fakeme" / "maven"
    assert jars.ENDPOINT.startswith("org.apache.kafka:kafka_2.13:4.3.0")
