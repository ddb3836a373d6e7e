"""Ports are chosen once and stored."""

import json
import socket
from pathlib import Path

import pytest

from infra.errors import StateFileError
from infra.local.ports import FIRST, HOST, LAST, PAIRED_PORT_OFFSET, Ports, is_free


def listener(port: int = 0) -> socket.socket:
    server = socket.socket()
    server.bind((HOST, port))
    server.listen()
    return server


def test_port_is_stored_for_the_next_start(tmp_path: Path) -> None:
    file = tmp_path / "ports.json"
    first = Ports(file).of("kafka")
    assert Ports(file).of("kafka") == first
    assert json.loads(file.read_text()) == {"kafka": first}
    assert FIRST <= first <= LAST


def test_occupied_stored_port_is_replaced(tmp_path: Path) -> None:
    file = tmp_path / "ports.json"
    with listener() as other_program:
        taken = other_program.getsockname()[1]
        file.write_text(json.dumps({"kafka": taken}))
        assert Ports(file).of("kafka") != taken


def test_paired_port_must_be_free_too(tmp_path: Path) -> None:
    file = tmp_path / "ports.json"
    stored = Ports(file).of("seaweedfs", with_paired_port=True)
    with listener(stored + PAIRED_PORT_OFFSET):
        assert Ports(file).of("seaweedfs", with_paired_port=True) != stored


def test_services_never_share_a_port_or_paired_port(tmp_path: Path) -> None:
    ports = Ports(tmp_path / "ports.json")
    assigned = [ports.of(f"service-{number}", with_paired_port=True) for number in range(40)]
    assert len({*assigned, *(port + PAIRED_PORT_OFFSET for port in assigned)}) == 80


def test_duplicate_stored_ports_are_resolved(tmp_path: Path) -> None:
    file = tmp_path / "ports.json"
    free = Ports(file).of("a")
    file.write_text(json.dumps({"a": free, "b": free}))
    ports = Ports(file)
    assert ports.of("a") == free
    assert ports.of("b") != free


@pytest.mark.parametrize("content", ["", "[1]", '{"kafka": "many"}'])
def test_invalid_file_is_reported(tmp_path: Path, content: str) -> None:
    file = tmp_path / "ports.json"
    file.write_text(content)
    with pytest.raises(StateFileError, match="delete it"):
        Ports(file)


def test_is_free_detects_a_listener() -> None:
    with listener() as server:
        assert not is_free(server.getsockname()[1])
