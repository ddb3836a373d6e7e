"""Finds variables and keys that look like settings but are none, so that a misspelt one is not ignored."""

import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_origin

from pydantic import BaseModel

from pipeline.settings import Settings

PREFIX = "FAKEME_"
_PLACES = ("FAKEME_HOME", "FAKEME_CONFIG")  # where settings are, rather than settings
_ANY = "*"  # a name that the setting leaves open


@dataclass(frozen=True)
class UnknownSetting:
    """A variable or a key of the TOML file that is no setting; ``suggestion``: one like it, or empty."""

    name: str
    suggestion: str = ""

    def __str__(self) -> str:
        hint = f"; did you mean {self.suggestion}?" if self.suggestion else ""
        return f"{self.name} is not a setting and has no effect{hint}"


def unknown_settings(environment: Mapping[str, str] = os.environ) -> list[UnknownSetting]:
    """Return the variables of ``environment`` and the keys of its TOML file that are no settings."""
    known = sorted(_names(Settings))
    variables = [name for name in environment if name.startswith(PREFIX) and name not in _PLACES]
    unknown = [
        UnknownSetting(name, _like(name, [PREFIX + each for each in known]))
        for name in sorted(variables)
        if not _is_known(name.removeprefix(PREFIX).upper().split("__"), known)
    ]
    keys = _keys(_toml(Path(environment.get("FAKEME_CONFIG", "fakeme.toml"))))
    dotted = [each.lower().replace("__", ".") for each in known]
    return unknown + [
        UnknownSetting(".".join(key), _like(".".join(key), dotted))
        for key in keys
        if not _is_known([part.upper() for part in key], known)
    ]


def _names(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """Yield the name of each setting as in its variable, without the prefix."""
    for name, field in model.model_fields.items():
        path = prefix + name.upper()
        yield path  # a whole group may be given as JSON
        if get_origin(field.annotation) is dict:
            yield f"{path}__{_ANY}"
        elif isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _names(field.annotation, f"{path}__")


def _is_known(path: list[str], known: list[str]) -> bool:
    return "__".join(path) in known or "__".join([*path[:-1], _ANY]) in known


def _like(name: str, known: list[str]) -> str:
    return next(iter(get_close_matches(name, [each for each in known if _ANY not in each], 1, 0.8)), "")


def _toml(file: Path) -> dict[str, Any]:
    """Return the content of the TOML file; empty if it cannot be read, which loading tells."""
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return {}


def _keys(table: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _keys(value, (*path, name))
        else:
            yield (*path, name)
