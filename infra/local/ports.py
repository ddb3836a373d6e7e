"""Chooses free loopback ports once and keeps them, so that a restart listens where clients look."""

import json
import random
import socket
from pathlib import Path

from infra.errors import MachineError, StateFileError

HOST = "127.0.0.1"
# Below the ephemeral range (32768 and up on Linux), as is the gRPC port that SeaweedFS opens 10000 higher.
FIRST, LAST = 10_240, 22_000
PAIRED_PORT_OFFSET = 10_000
TRIES = 200


def is_free(port: int) -> bool:
    """Whether a server could listen on this loopback port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


class Ports:
    """Ports by name; the file is written with each new one."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._kept = read_ports(file)
        self._given: set[int] = set()

    def of(self, name: str, *, with_paired_port: bool = False) -> int:
        """The port of ``name``: the one kept if nobody else took it, else a new one.

        :param with_paired_port: the port 10000 higher must be free too.
        """
        kept = self._kept.get(name)
        if kept is None or not self._usable(kept, with_paired_port=with_paired_port):
            kept = self._choose(with_paired_port=with_paired_port)
            self._kept[name] = kept
            self._file.write_text(json.dumps(self._kept, indent=2))
        self._given |= {kept, kept + PAIRED_PORT_OFFSET} if with_paired_port else {kept}
        return kept

    def _choose(self, *, with_paired_port: bool) -> int:
        taken = set(self._kept.values())
        for _ in range(TRIES):
            port = random.randint(FIRST, LAST)  # noqa: S311 - picks a port, guards nothing
            if port not in taken and self._usable(port, with_paired_port=with_paired_port):
                return port
        raise MachineError(
            f"no free port found between {FIRST} and {LAST} on {HOST}: stop what listens there"
        )

    def _usable(self, port: int, *, with_paired_port: bool) -> bool:
        wanted = {port, port + PAIRED_PORT_OFFSET} if with_paired_port else {port}
        return not wanted & self._given and all(is_free(each) for each in wanted)


def read_ports(file: Path) -> dict[str, int]:
    """Ports by name as they were kept; none before the first start."""
    try:
        return {str(name): int(port) for name, port in json.loads(file.read_text()).items()}
    except FileNotFoundError:
        return {}
    except (ValueError, AttributeError) as error:
        raise StateFileError(
            f"{file} is not a JSON object of ports: delete it, new ones will be chosen"
        ) from error
