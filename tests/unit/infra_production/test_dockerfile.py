"""The image is built from pinned dependencies in two stages and runs unprivileged."""

import re

import pytest

from tests.unit.infra_production.compose import ROOT

TEXT = (ROOT / "Dockerfile").read_text("utf-8")
# Instructions with their continued lines joined; comments left out.
INSTRUCTIONS = [
    re.sub(r"\s*\\\n\s*", " ", found)
    for found in re.findall(
        r"^[A-Z]+ (?:.*\\\n)*.*$", re.sub(r"^\s*#.*\n", "", TEXT, flags=re.MULTILINE), re.MULTILINE
    )
]


def instructions(kind: str) -> list[str]:
    return [line.removeprefix(f"{kind} ") for line in INSTRUCTIONS if line.startswith(f"{kind} ")]


def test_two_stages_from_one_pinned_image() -> None:
    images = [line.split()[0] for line in instructions("FROM")]

    assert len(images) == 2
    assert len(set(images)) == 1
    assert re.fullmatch(r"python:3\.11\.\d+-slim-\w+", images[0])


def test_dependencies_come_from_the_lock_with_hashes() -> None:
    [sync] = [line for line in instructions("RUN") if "uv pip sync" in line]

    assert sync.endswith("uv pip sync --require-hashes requirements.lock")
    assert not [line for line in instructions("RUN") if "apt-get" in line or "curl" in line]


def test_uv_version_matches_the_makefile() -> None:
    [makefile] = re.findall(r"^UV_VERSION := (.+)$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)

    assert instructions("ARG") == [f"UV_VERSION={makefile}"]


def test_torch_versions_in_the_size_comment_match_the_lock() -> None:
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    pins = re.findall(r"torch(?:vision)?==[\d.]+", TEXT)

    assert len(pins) == 2
    assert all(re.search(rf"^{re.escape(pin)}\b", lock, re.MULTILINE) for pin in pins)


def test_container_runs_unprivileged_with_the_command_as_entry_point() -> None:
    last_stage = INSTRUCTIONS[max(i for i, line in enumerate(INSTRUCTIONS) if line.startswith("FROM ")) :]

    assert "USER 10001:10001" in last_stage
    assert 'ENTRYPOINT ["fakeme"]' in last_stage
    assert next(line for line in last_stage if line.startswith("HEALTHCHECK")).count("/readyz") == 1
    assert not [line for line in last_stage if line.startswith("RUN") and "pip" in line]


def test_copied_paths_exist_and_are_not_ignored() -> None:
    not_ignored = {
        line[1:] for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line.startswith("!")
    }
    copied = {
        path for line in instructions("COPY") if not line.startswith("--from") for path in line.split()[:-1]
    }

    assert copied == not_ignored
    assert all((ROOT / path).exists() for path in copied)


@pytest.mark.parametrize(
    "package", ["schemas", "storage", "inference", "infra", "pipeline", "training", "models"]
)
def test_every_package_of_the_wheel_is_copied(package: str) -> None:
    assert f"{package} {package}" in instructions("COPY")


def test_copied_packages_match_the_project() -> None:
    [packages] = re.findall(
        r"^packages = (\[\"schemas\".*\])$", (ROOT / "pyproject.toml").read_text("utf-8"), re.MULTILINE
    )[:1]

    assert {f"{name} {name}" for name in re.findall(r"\"(\w+)\"", packages)} <= set(instructions("COPY"))
