"""Chooses free loopback ports once and stores them, so that a restarted service keeps its port."""

import json
import random
import socket
from pathlib import Path

from infra.errors import MachineError, StateFileError

HOST = "127.0.0.1"
# Below Linux's ephemeral range (32768 and up), including the paired port.
FIRST, LAST = 10_240, 22_000
PAIRED_PORT_OFFSET = 10_000  # SeaweedFS opens a gRPC port 10000 above each of its ports
TRIES = 200


def is_free(port: int) -> bool:
    """Return true if a server can listen on this loopback port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


class Ports:
    """Ports by name, stored in a file that is written with each new port."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._stored = read_ports(file)
        self._assigned: set[int] = set()

    def of(self, name: str, *, with_paired_port: bool = False) -> int:
        """Return the port of ``name``: the stored one if it is still free, otherwise a new one.

        :param with_paired_port: the port 10000 higher must be free too.
        """
        port = self._stored.get(name)
        if port is None or not self._usable(port, with_paired_port=with_paired_port):
            port = self._choose(with_paired_port=with_paired_port)
            self._stored[name] = port
            self._file.write_text(json.dumps(self._stored, indent=2))
        self._assigned |= {port, port + PAIRED_PORT_OFFSET} if with_paired_port else {port}
        return port

    def _choose(self, *, with_paired_port: bool) -> int:
        taken = set(self._stored.values())
        for _ in range(TRIES):
            port = random.randint(FIRST, LAST)  # noqa: S311 - not security relevant
            if port not in taken and self._usable(port, with_paired_port=with_paired_port):
                return port
        raise MachineError(
            f"no free port found between {FIRST} and {LAST} on {HOST}: stop a program that listens there"
        )

    def _usable(self, port: int, *, with_paired_port: bool) -> bool:
        ports = {port, port + PAIRED_PORT_OFFSET} if with_paired_port else {port}
        return not ports & self._assigned and all(map(is_free, ports))


def read_ports(file: Path) -> dict[str, int]:
    """Return the stored ports by name; empty before the first start."""
    try:
        return {str(name): int(port) for name, port in json.loads(file.read_text()).items()}
    except FileNotFoundError:
        return {}
    except (ValueError, AttributeError) as error:
        raise StateFileError(
            f"{file} is not a JSON object of ports: delete it, and new ports will be chosen"
        ) from error
