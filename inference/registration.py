"""Write the registry of models from the cards in their folders."""

import json
from pathlib import Path

from inference.card import read_card
from inference.errors import RegistryError
from inference.registry import Entry, Registry, Value, entry_from_card, read_registry

_HEAD = (
    "# Written by `fakeme models register`; change the card of a model's folder instead, and register it.\n"
)


def register_folder(folder: Path, registry: Path, *, url: str | None = None, default: bool = False) -> Entry:
    """Add the model in ``folder`` to the file ``registry``, which is created if it does not exist.

    :param url: where the weights can be downloaded; without it they ship together with the registry.
    :param default: use this model unless settings name another.
    :raises RegistryError: if there is no ``url`` and the folder is not below that of the registry.
    """
    card = read_card(folder)
    file = None if url else _relative(folder / card.weights, registry.parent)
    entry = entry_from_card(card, file=file, url=url)
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
            f"{weights} is not below {home}, so it cannot ship with the registry; move it or give a --url"
        ) from error


def render(registry: Registry) -> str:
    """Return the registry as TOML."""
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
    """Return a TOML value. TOML and JSON strings differ only in DEL, which does not occur here."""
    return json.dumps(value, ensure_ascii=False)
