"""Writes the registry of models from the cards of their folders."""

import json
from pathlib import Path

from inference.card import read_card
from inference.errors import RegistryError
from inference.registry import Entry, Registry, Value, entry_of, read_registry

_HEAD = (
    "# Written by `fakeme models register`; change the card of a model's folder instead, and register it.\n"
)


def register_folder(folder: Path, registry: Path, *, url: str | None = None, default: bool = False) -> Entry:
    """Write the model in ``folder`` into the file ``registry``, which is made if it is not there.

    :param url: where others get the weights; without it they ship beside the registry.
    :raises RegistryError: if the folder is not below the registry's, and there is no ``url``.
    """
    card = read_card(folder)
    file = None if url else _relative(folder / card.weights, registry.parent)
    entry = entry_of(card, file=file, url=url)
    if registry.exists():
        written = read_registry(registry).with_entry(entry, default=default)
    else:
        written = Registry(default=entry.reference, model=(entry,))
    registry.write_text(render(written), "utf-8")
    return entry


def _relative(weights: Path, home: Path) -> str:
    try:
        return weights.resolve().relative_to(home.resolve()).as_posix()
    except ValueError as error:
        raise RegistryError(
            f"{weights} does not lie below {home}, so it cannot ship with it; move it, or give its --url"
        ) from error


def render(registry: Registry) -> str:
    """The text of a registry file; read again, it gives the same registry."""
    parts = [_HEAD, f"default = {_toml(registry.default)}\n"]
    for entry in registry.model:
        fields = entry.model_dump(mode="json", exclude_none=True)
        tables = {name: value for name, value in fields.items() if isinstance(value, dict)}
        plain = {name: value for name, value in fields.items() if name not in tables}
        parts.append("\n[[model]]\n" + _pairs(plain))
        parts += [f"\n[model.{name}]\n" + _pairs(table) for name, table in tables.items()]
    return "".join(parts)


def _pairs(table: dict[str, Value]) -> str:
    return "".join(f"{_key(name)} = {_toml(value)}\n" for name, value in table.items())


def _key(name: str) -> str:
    return name if name.isidentifier() and name.isascii() else _toml(name)


def _toml(value: Value) -> str:
    """A TOML value; its strings and JSON's are alike, but for DEL, which no text here has."""
    return json.dumps(value, ensure_ascii=False)
