"""The jars of Apache Kafka: exactly those of ``kafka.lock``, fetched by jgo into the user's cache.

To renew the lock after a change of ENDPOINT: ``python -m infra.local.jars``.
"""

import fcntl
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import requests
from jgo import resolve
from jgo.config import GlobalSettings
from jgo.constants import MAVEN_CENTRAL_URL
from jgo.env import LockedDependency, LockFile
from jgo.env._lockfile import compute_sha256
from jgo.maven import MavenContext

from infra.errors import JarsError

# slf4j-simple writes Kafka's log to stderr. Not log4j-slf4j-impl: with it Kafka's clients are older.
ENDPOINT = "org.apache.kafka:kafka_2.13:4.3.0+org.slf4j:slf4j-simple:1.7.36"
LOCK = Path(__file__).with_name("kafka.lock")
DOWNLOADS = 6  # at once


def cache_folder() -> Path:
    """Where jars are kept for all data folders: ``$XDG_CACHE_HOME/fakeme/maven``."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "fakeme" / "maven"


def kafka_version(lock: Path = LOCK) -> str:
    """The one version that all of Kafka's own jars are locked at."""
    versions = {jar.version for jar in read_lock(lock) if jar.artifactId.startswith("kafka")}
    if len(versions) != 1:
        raise JarsError(
            f"{lock} mixes Kafka versions {sorted(versions)}: renew it with `python -m infra.local.jars`"
        )
    return str(versions.pop())


def read_lock(lock: Path = LOCK) -> list[LockedDependency]:
    """The locked jars, each with its SHA-256."""
    locked: list[LockedDependency] = LockFile.load(lock).dependencies
    unhashed = [jar.artifactId for jar in locked if not jar.sha256]
    if unhashed:
        raise JarsError(f"{lock} has no SHA-256 of {unhashed}: renew it with `python -m infra.local.jars`")
    return locked


def fetch_jars(cache: Path | None = None, lock: Path = LOCK) -> list[Path]:
    """All locked jars, downloaded where the cache lacks them, each checked against its SHA-256.

    :raises JarsError: a jar cannot be downloaded, or is not the locked one.
    """
    kafka_version(lock)
    folder = cache or cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    context = _maven(folder)
    with _only_one(folder), ThreadPoolExecutor(DOWNLOADS) as threads:
        return list(threads.map(lambda jar: _fetch(context, jar), read_lock(lock)))


def _maven(folder: Path) -> MavenContext:
    """Repositories as jgo's own configuration of this user names them, else Maven Central."""
    repositories = {"central": MAVEN_CENTRAL_URL, **GlobalSettings.load().repositories}
    return MavenContext(repo_cache=folder, remote_repos=repositories, timeout=30)


def _fetch(context: MavenContext, jar: LockedDependency) -> Path:
    name = f"{jar.groupId}:{jar.artifactId}:{jar.version}"
    artifact = context.project(jar.groupId, jar.artifactId).at_version(jar.version).artifact()
    kept = Path(str(artifact.cached_path))
    if kept.exists() and compute_sha256(kept) != jar.sha256:
        kept.unlink()  # a download that was cut short, or a file that was changed: fetch it again
    try:
        path = Path(str(artifact.resolve()))
    except (requests.RequestException, RuntimeError, OSError) as error:
        raise JarsError(
            f"the jar {name} of Apache Kafka cannot be downloaded: {error}. The first start needs Maven "
            "Central or a mirror (see `jgo config`); or use services that run elsewhere already"
        ) from error
    found = compute_sha256(path)
    if found != jar.sha256:
        path.unlink()
        raise JarsError(
            f"the jar {name} has SHA-256 {found}, locked is {jar.sha256}: it was deleted, do not trust it"
        )
    return path


@contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    """Hold the cache, so that two first starts do not write the same file."""
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def renew_lock(lock: Path = LOCK) -> None:
    """Resolve ENDPOINT anew and write what came of it."""
    artifacts = resolve(ENDPOINT)
    locked = [
        LockedDependency(
            groupId=artifact.groupId,
            artifactId=artifact.artifactId,
            version=artifact.version,
            sha256=compute_sha256(artifact.resolve()),
        )
        for artifact in artifacts
    ]
    LockFile(dependencies=locked, environment_name="kafka").save(lock)
    kafka_version(lock)


if __name__ == "__main__":
    renew_lock()
