"""A media format whose "decoder" does what the file says: it stands for a decoder that was taken over.

A file is ``PROBE:`` and the name of a function below. What the function returns comes back as the detail of a
refusal.
"""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np

from inference.errors import Unprocessable
from inference.media.decoded import DecodedFrames, Frame, MediaKind
from inference.media.formats import MediaFormat, register_format
from inference.media.limits import MediaLimits
from schemas.verdicts import UnprocessableReason

_MAGIC = b"PROBE:"


def tcp_socket() -> object:
    return socket.socket(socket.AF_INET, socket.SOCK_STREAM)


def udp_socket() -> object:
    return socket.socket(socket.AF_INET, socket.SOCK_DGRAM)


def unix_socket() -> object:
    return socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)


def read_file() -> object:
    return Path("/etc/passwd").read_text()


def read_parent_environment() -> object:
    return Path(f"/proc/{os.getppid()}/environ").read_bytes()


def write_file() -> object:
    return Path("/tmp/fakeme-probe").write_text("x")


def start_program() -> object:
    return subprocess.run([sys.executable, "--version"], check=True)


def fork() -> object:
    return os.fork()


def kill_parent() -> object:
    return os.kill(os.getppid(), signal.SIGKILL)


def trace_parent() -> object:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.ptrace(16, os.getppid(), 0, 0) == -1:  # PTRACE_ATTACH
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return 0


def raise_memory_limit() -> object:
    import resource

    return resource.setrlimit(resource.RLIMIT_DATA, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def environment() -> object:
    return dict(os.environ)


def descriptors() -> object:
    return [number for number in range(64) if _is_open(number)]


def start_thread() -> object:
    done: list[int] = []
    thread = threading.Thread(target=lambda: done.append(1))
    thread.start()
    thread.join()
    return done


def crash() -> object:
    return ctypes.string_at(1)


def loop() -> object:
    while True:
        pass


def sleep() -> object:
    time.sleep(3600)
    return None


def fill_memory() -> object:
    return len(b"x" * 2_000_000_000)


def fill_output() -> DecodedFrames:
    image = np.zeros((30_000, 30_000, 3), np.uint8)
    return DecodedFrames(30_000, 30_000, (Frame(image), Frame(image)))


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def _decode(data: bytes, limits: MediaLimits) -> DecodedFrames:
    result = globals()[data.removeprefix(_MAGIC).decode()]()
    if isinstance(result, DecodedFrames):
        return result
    raise Unprocessable(UnprocessableReason.UNDECODABLE, repr(result))


def register() -> None:
    register_format(
        MediaFormat(
            name="Probe",
            media_type="image/x-probe",
            kind=MediaKind.IMAGE,
            matches=lambda data: data.startswith(_MAGIC),
            decode=_decode,
        )
    )
