"""Ports are chosen once and kept."""

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


def test_a_port_is_kept_for_the_next_start(tmp_path: Path) -> None:
    file = tmp_path / "ports.json"
    first = Ports(file).of("kafka")
    assert Ports(file).of("kafka") == first
    assert json.loads(file.read_text()) == {"kafka": first}
    assert FIRST <= first <= LAST


def test_a_kept_port_that_somebody_took_is_given_up(tmp_path: Path) -> None:
    file = tmp_path / "ports.json"
    with listener() as stranger:
        taken = stranger.getsockname()[1]
        file.write_text(json.dumps({"kafka": taken}))
        assert Ports(file).of("kafka") != taken


def test_the_shadow_port_must_be_free_too(tmp_path: Path) -> None:
    file = tmp_path / "ports.json"
    kept = Ports(file).of("seaweedfs", with_paired_port=True)
    with listener(kept + PAIRED_PORT_OFFSET):
        assert Ports(file).of("seaweedfs", with_paired_port=True) != kept


def test_names_never_share_a_port_or_a_shadow(tmp_path: Path) -> None:
    ports = Ports(tmp_path / "ports.json")
    given = [ports.of(f"service-{number}", with_paired_port=True) for number in range(40)]
    assert len({*given, *(port + PAIRED_PORT_OFFSET for port in given)}) == 80


def test_two_kept_names_of_one_port_are_told_apart(tmp_path: Path) -> None:
    file = tmp_path / "ports.json"
    free = Ports(file).of("a")
    file.write_text(json.dumps({"a": free, "b": free}))
    ports = Ports(file)
    assert ports.of("a") == free
    assert ports.of("b") != free


@pytest.mark.parametrize("content", ["", "[1]", '{"kafka": "many"}'])
def test_a_broken_file_is_named(tmp_path: Path, content: str) -> None:
    file = tmp_path / "ports.json"
    file.write_text(content)
    with pytest.raises(StateFileError, match="delete it"):
        Ports(file)


def test_is_free_sees_a_listener() -> None:
    with listener() as server:
        assert not is_free(server.getsockname()[1])
