"""The fork server: imports the decoders once, then forks decoding processes.

Run as ``python -m inference.sandbox.fork_server DESCRIPTOR``, with a socket on which orders arrive. It never
looks at a file of a stranger. For each process it holds a socket to the pool: when the pool closes it, the
process is killed; when the process ends, its end is reported there. When the first socket closes, because
the pool's process ended, all processes are killed.
"""

import codecs
import contextlib
import gc
import importlib
import os
import pkgutil
import selectors
import signal
import socket
import sys
from types import ModuleType

import av
import cv2
import PIL
from PIL import Image

from inference.media.formats import formats
from inference.sandbox.confinement import compile_filter
from inference.sandbox.decoding_process import run_and_exit
from inference.sandbox.messages import MAX_MESSAGE_BYTES, SOCKET_KIND, Ended, Spawn

_ENCODINGS = (
    "ascii",
    "latin-1",
    "cp1252",
    "utf-8",
    "utf-16",
    "utf-16-le",
    "utf-16-be",
    "utf-32",
)  # of metadata
_RSS_UNIT = 1024 if sys.platform == "linux" else 1  # bytes; of ru_maxrss


class ForkServer:
    """Forks, kills and reaps decoding processes."""

    def __init__(self, orders: socket.socket) -> None:
        self._orders = orders
        self._filter = compile_filter()
        self._pid = os.getpid()
        self._status_sockets: dict[int, socket.socket] = {}  # by process id
        self._selector = selectors.DefaultSelector()
        self._selector.register(orders, selectors.EVENT_READ)
        self._wake, self._woken = socket.socketpair()
        for end in (self._wake, self._woken):
            end.setblocking(False)
        self._selector.register(self._woken, selectors.EVENT_READ)
        signal.set_wakeup_fd(self._wake.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # without a handler, nothing would wake the selector

    def run(self) -> None:
        """Serve until the pool has gone."""
        serving = True
        while serving:
            for key, _ in self._selector.select():
                if key.fileobj is self._orders:
                    serving = self._accept()
                elif key.fileobj is self._woken:
                    self._woken.recv(4096)
                    self._reap()
                else:
                    self._kill(key.data)
        signal.set_wakeup_fd(-1)  # nobody waits for the ends of these any more
        for pid in self._status_sockets:
            os.kill(pid, signal.SIGKILL)

    def _accept(self) -> bool:
        """Fork a process; return False if the pool has gone."""
        raw, descriptors, _, _ = socket.recv_fds(self._orders, MAX_MESSAGE_BYTES, 2)
        if not raw:
            return False
        spawn = Spawn.model_validate_json(raw)
        jobs, status = descriptors
        pid = os.fork()
        if pid == 0:
            run_and_exit(spawn, jobs, self._filter, self._pid)
        os.close(jobs)
        # The process does not hold this socket, so its own messages cannot pass for ours.
        self._status_sockets[pid] = socket.socket(socket.AF_UNIX, SOCKET_KIND, 0, fileno=status)
        self._selector.register(self._status_sockets[pid], selectors.EVENT_READ, pid)
        return True

    def _kill(self, pid: int) -> None:
        """Kill a process that the pool gave up. It is reaped later, so its id is still its own."""
        if pid in self._status_sockets:
            self._selector.unregister(self._status_sockets[pid])
            os.kill(pid, signal.SIGKILL)

    def _reap(self) -> None:
        while self._status_sockets:
            pid, status, usage = os.wait4(-1, os.WNOHANG)
            if pid == 0:
                return
            code = os.waitstatus_to_exitcode(status)
            ended = Ended(
                signal=max(0, -code),
                exit_code=max(0, code),
                cpu_seconds=usage.ru_utime + usage.ru_stime,
                max_rss_bytes=usage.ru_maxrss * _RSS_UNIT,
            )
            with self._status_sockets.pop(pid) as status_socket:
                with contextlib.suppress(KeyError):  # it was killed: not registered any more
                    self._selector.unregister(status_socket)
                with contextlib.suppress(OSError):  # the pool gave it up and does not want to know
                    status_socket.send(ended.to_bytes())


def _import_decoders() -> None:
    """Import now what decoders would import on first use: a decoding process can open no file."""
    formats()  # also those of plugins
    Image.init()
    for package in (av, PIL):
        _import_modules(package)
    for encoding in _ENCODINGS:
        codecs.lookup(encoding)
    cv2.setNumThreads(1)


def _import_modules(package: ModuleType) -> None:
    """Import all modules of a package that can be imported here; the rest are for windows and devices."""
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if not module.name.endswith("__main__"):  # which would run a program
            with contextlib.suppress(ImportError):
                importlib.import_module(module.name)


def main() -> None:
    """Serve the socket whose descriptor is the first argument."""
    for number in (signal.SIGINT, signal.SIGTERM):  # sent to the whole group; the pool decides when to end
        signal.signal(number, signal.SIG_IGN)
    _import_decoders()
    gc.collect()
    gc.freeze()  # a collection in a child would copy every page that it inherits
    gc.disable()
    with socket.socket(fileno=int(sys.argv[1])) as orders:
        ForkServer(orders).run()


if __name__ == "__main__":
    main()
