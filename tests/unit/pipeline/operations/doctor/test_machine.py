"""What the doctor makes of a machine's readings."""

from pathlib import Path

import pytest

from pipeline.operations.doctor.diagnosis import Level
from pipeline.operations.doctor.machine import (
    examine_machine,
    judge_disk,
    judge_gpu,
    judge_memory,
    judge_packages,
    judge_ports,
    judge_python,
    judge_setpriv,
)

GB = 1_000_000_000


@pytest.mark.parametrize(
    ("version", "level"), [((3, 10, 9), Level.FAIL), ((3, 11, 0), Level.OK), ((3, 14, 1), Level.OK)]
)
def test_python(version: tuple[int, ...], level: Level) -> None:
    assert judge_python(version).level == level


@pytest.mark.parametrize(
    ("total", "available", "level"),
    [
        (1.9 * GB, 1.8 * GB, Level.FAIL),
        (8 * GB, 3.9 * GB, Level.WARN),
        (8 * GB, 4.0 * GB, Level.OK),
    ],
)
def test_memory(total: float, available: float, level: Level) -> None:
    assert judge_memory(int(total), int(available)).level == level


@pytest.mark.parametrize(
    ("free", "level"), [(0.9, Level.FAIL), (1.0, Level.WARN), (4.9, Level.WARN), (5.0, Level.OK)]
)
def test_disk(free: float, level: Level) -> None:
    assert judge_disk(Path("/data"), int(free * GB)).level == level


def test_missing_packages_are_named() -> None:
    finding = judge_packages({"torch": "2.13.0", "jgo": None})
    assert (finding.level, finding.says, finding.remedy) == (Level.FAIL, "missing: jgo", "run `make setup`")


def test_a_stranger_on_a_kept_port_is_named() -> None:
    finding = judge_ports({"kafka": 11_000, "postgres": 12_000}, {12_000}, running=False)
    assert (finding.level, finding.says) == (Level.WARN, "taken by something else: postgres 12000")


def test_ports_in_use_by_the_stack_itself_are_well() -> None:
    assert judge_ports({"kafka": 11_000}, {11_000}, running=True).level == Level.OK


@pytest.mark.parametrize(
    ("listed", "level"),
    [(None, Level.OK), ("", Level.WARN), ("NVIDIA H200, 143771 MiB, 570.1\n", Level.OK)],
)
def test_gpu(listed: str | None, level: Level) -> None:
    assert judge_gpu(listed).level == level


def test_setpriv() -> None:
    assert judge_setpriv(None).level == Level.FAIL
    assert judge_setpriv("/usr/bin/setpriv").level == Level.OK


def test_every_problem_comes_with_a_remedy() -> None:
    problems = [
        judge_python((3, 10, 0)),
        judge_packages({"jgo": None}),
        judge_memory(GB, GB),
        judge_disk(Path("/data"), 0),
        judge_ports({"kafka": 1}, {1}, running=False),
        judge_gpu(""),
        judge_setpriv(None),
    ]
    assert all(problem.remedy for problem in problems)


def test_a_folder_that_does_not_exist_yet_is_examined_where_it_would_be(tmp_path: Path) -> None:
    found = {finding.subject: finding for finding in examine_machine(tmp_path / "not" / "there")}
    assert str(tmp_path) in found["disk"].says
    assert found["ports"].says == "chosen at the first `fakeme up`"


def test_a_broken_port_file_is_a_finding(tmp_path: Path) -> None:
    (tmp_path / "ports.json").write_text("nonsense")
    found = {finding.subject: finding for finding in examine_machine(tmp_path)}
    assert (found["ports"].level, found["ports"].remedy) == (Level.FAIL, f"delete {tmp_path / 'ports.json'}")
