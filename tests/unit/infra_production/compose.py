"""Loads docker-compose.yml as Docker Compose does, with the variables of .env.example."""

import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[3]
COMPOSE = ROOT / "docker-compose.yml"
ENV_EXAMPLE = ROOT / ".env.example"

_VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?:(?P<operator>:[-?])(?P<default>[^}]*))?\}")


def example_variables() -> dict[str, str]:
    """Return the variables of .env.example."""
    lines = ENV_EXAMPLE.read_text("utf-8").splitlines()
    pairs = [line.partition("=") for line in lines if line and not line.startswith("#")]
    return {name: value for name, _, value in pairs}


def used_variables() -> set[str]:
    """Return the names of the variables that docker-compose.yml uses."""
    return {match["name"] for match in _VARIABLE.finditer(COMPOSE.read_text("utf-8"))}


def load_compose() -> dict[str, Any]:
    """Return the whole file with its variables replaced; raise ``KeyError`` for an undefined variable."""
    variables = example_variables()

    def value(match: re.Match[str]) -> str:
        if match["operator"] == ":-":
            return variables.get(match["name"]) or match["default"]
        return variables[match["name"]]

    content: dict[str, Any] = yaml.safe_load(_VARIABLE.sub(value, COMPOSE.read_text("utf-8")))
    return content


def services() -> dict[str, dict[str, Any]]:
    """Return the services by name."""
    return load_compose()["services"]
