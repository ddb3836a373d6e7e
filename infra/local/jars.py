"""Downloads the jars of Apache Kafka that ``kafka.lock`` lists into the user's cache, with jgo.

To renew the lock file after a change of ENDPOINT, run ``python -m infra.local.jars``.
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

# slf4j-simple writes Kafka's log to stderr. log4j-slf4j-impl would pull in an older Kafka client.
ENDPOINT = "org.apache.kafka:kafka_2.13:4.3.0+org.slf4j:slf4j-simple:1.7.36"
LOCK = Path(__file__).with_name("kafka.lock")
PARALLEL_DOWNLOADS = 6


def cache_folder() -> Path:
    """Return the jar cache that all data folders share: ``$XDG_CACHE_HOME/fakeme/maven``."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "fakeme" / "maven"


def kafka_version(lock: Path = LOCK) -> str:
    """Return the version of Kafka's own jars in the lock file; raise JarsError if there are several."""
    versions = {jar.version for jar in read_lock(lock) if jar.artifactId.startswith("kafka")}
    if len(versions) != 1:
        raise JarsError(
            f"{lock} mixes Kafka versions {sorted(versions)}: renew it with `python -m infra.local.jars`"
        )
    return str(versions.pop())


def read_lock(lock: Path = LOCK) -> list[LockedDependency]:
    """Return the locked jars; raise JarsError if one has no SHA-256."""
    locked: list[LockedDependency] = LockFile.load(lock).dependencies
    unhashed = [jar.artifactId for jar in locked if not jar.sha256]
    if unhashed:
        raise JarsError(f"{lock} has no SHA-256 of {unhashed}: renew it with `python -m infra.local.jars`")
    return locked


def fetch_jars(cache: Path | None = None, lock: Path = LOCK) -> list[Path]:
    """Return the paths of all locked jars; download missing ones and check each against its SHA-256.

    :raises JarsError: a jar cannot be downloaded, or does not match its hash.
    """
    kafka_version(lock)
    folder = cache or cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    context = _maven(folder)
    with _cache_lock(folder), ThreadPoolExecutor(PARALLEL_DOWNLOADS) as threads:
        return list(threads.map(lambda jar: _fetch(context, jar), read_lock(lock)))


def _maven(folder: Path) -> MavenContext:
    """Use the repositories of the user's jgo configuration, by default Maven Central."""
    repositories = {"central": MAVEN_CENTRAL_URL, **GlobalSettings.load().repositories}
    return MavenContext(repo_cache=folder, remote_repos=repositories, timeout=30)


def _fetch(context: MavenContext, jar: LockedDependency) -> Path:
    name = f"{jar.groupId}:{jar.artifactId}:{jar.version}"
    artifact = context.project(jar.groupId, jar.artifactId).at_version(jar.version).artifact()
    cached = Path(str(artifact.cached_path))
    if cached.exists() and compute_sha256(cached) != jar.sha256:
        cached.unlink()  # an incomplete download or a modified file: download it again
    try:
        path = Path(str(artifact.resolve()))
    except (requests.RequestException, RuntimeError, OSError) as error:
        raise JarsError(
            f"the jar {name} of Apache Kafka cannot be downloaded: {error}. The first start needs Maven "
            "Central or a mirror (see `jgo config`); or use existing services instead of the local stack"
        ) from error
    actual = compute_sha256(path)
    if actual != jar.sha256:
        path.unlink()
        raise JarsError(
            f"the jar {name} has SHA-256 {actual}, expected {jar.sha256}: it was deleted; "
            "check the repository that it came from"
        )
    return path


@contextmanager
def _cache_lock(folder: Path) -> Iterator[None]:
    """Lock the cache, so that two processes do not write the same file."""
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def renew_lock(lock: Path = LOCK) -> None:
    """Resolve ENDPOINT again and write the result to the lock file."""
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
