"""The doctor's checks of the machine."""

from pathlib import Path

import pytest

from pipeline.operations.doctor.diagnosis import Level
from pipeline.operations.doctor.machine import (
    check_disk,
    check_gpu,
    check_memory,
    check_packages,
    check_ports,
    check_python,
    check_setpriv,
    examine_machine,
)

GB = 1_000_000_000


@pytest.mark.parametrize(
    ("version", "level"), [((3, 10, 9), Level.FAIL), ((3, 11, 0), Level.OK), ((3, 14, 1), Level.OK)]
)
def test_python(version: tuple[int, ...], level: Level) -> None:
    assert check_python(version).level == level


@pytest.mark.parametrize(
    ("total", "available", "level"),
    [
        (1.9 * GB, 1.8 * GB, Level.FAIL),
        (8 * GB, 3.9 * GB, Level.WARN),
        (8 * GB, 4.0 * GB, Level.OK),
    ],
)
def test_memory(total: float, available: float, level: Level) -> None:
    assert check_memory(int(total), int(available)).level == level


@pytest.mark.parametrize(
    ("free", "level"), [(0.9, Level.FAIL), (1.0, Level.WARN), (4.9, Level.WARN), (5.0, Level.OK)]
)
def test_disk(free: float, level: Level) -> None:
    assert check_disk(Path("/data"), int(free * GB)).level == level


def test_missing_packages_are_named() -> None:
    diagnosis = check_packages({"torch": "2.13.0", "jgo": None})
    assert (diagnosis.level, diagnosis.says, diagnosis.remedy) == (
        Level.FAIL,
        "missing: jgo",
        "run `make setup`",
    )


def test_a_reserved_port_used_by_another_program_is_named() -> None:
    diagnosis = check_ports({"kafka": 11_000, "postgres": 12_000}, {12_000}, running=False)
    assert (diagnosis.level, diagnosis.says) == (Level.WARN, "used by another program: postgres 12000")


def test_ports_used_by_the_stack_are_ok() -> None:
    assert check_ports({"kafka": 11_000}, {11_000}, running=True).level == Level.OK


@pytest.mark.parametrize(
    ("listed", "level"),
    [(None, Level.OK), ("", Level.WARN), ("NVIDIA H200, 143771 MiB, 570.1\n", Level.OK)],
)
def test_gpu(listed: str | None, level: Level) -> None:
    assert check_gpu(listed).level == level


def test_setpriv() -> None:
    assert check_setpriv(None).level == Level.FAIL
    assert check_setpriv("/usr/bin/setpriv").level == Level.OK


def test_every_problem_comes_with_a_remedy() -> None:
    problems = [
        check_python((3, 10, 0)),
        check_packages({"jgo": None}),
        check_memory(GB, GB),
        check_disk(Path("/data"), 0),
        check_ports({"kafka": 1}, {1}, running=False),
        check_gpu(""),
        check_setpriv(None),
    ]
    assert all(problem.remedy for problem in problems)


def test_a_missing_folder_is_checked_at_its_parent(tmp_path: Path) -> None:
    diagnoses = {diagnosis.subject: diagnosis for diagnosis in examine_machine(tmp_path / "not" / "there")}
    assert str(tmp_path) in diagnoses["disk"].says
    assert diagnoses["ports"].says == "chosen by the first `fakeme up`"


def test_an_invalid_port_file_is_reported(tmp_path: Path) -> None:
    (tmp_path / "ports.json").write_text("nonsense")
    diagnoses = {diagnosis.subject: diagnosis for diagnosis in examine_machine(tmp_path)}
    assert (diagnoses["ports"].level, diagnoses["ports"].remedy) == (
        Level.FAIL,
        f"delete {tmp_path / 'ports.json'}",
    )
