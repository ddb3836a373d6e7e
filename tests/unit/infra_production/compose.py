"""docker-compose.yml as Docker Compose would read it, with the variables of .env.example put in."""

import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[3]
COMPOSE = ROOT / "docker-compose.yml"
ENV_EXAMPLE = ROOT / ".env.example"

_VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?:(?P<how>:[-?])(?P<rest>[^}]*))?\}")


def example_variables() -> dict[str, str]:
    """The variables of .env.example."""
    lines = ENV_EXAMPLE.read_text("utf-8").splitlines()
    pairs = [line.partition("=") for line in lines if line and not line.startswith("#")]
    return {name: value for name, _, value in pairs}


def used_variables() -> set[str]:
    """The variables that docker-compose.yml asks for."""
    return {found["name"] for found in _VARIABLE.finditer(COMPOSE.read_text("utf-8"))}


def load_compose() -> dict[str, Any]:
    """The whole file with its variables put in; raises ``KeyError`` naming one that nothing gives."""
    variables = example_variables()

    def value(found: re.Match[str]) -> str:
        if found["how"] == ":-":
            return variables.get(found["name"]) or found["rest"]
        return variables[found["name"]]

    content: dict[str, Any] = yaml.safe_load(_VARIABLE.sub(value, COMPOSE.read_text("utf-8")))
    return content


def services() -> dict[str, dict[str, Any]]:
    """The services by name."""
    return load_compose()["services"]
