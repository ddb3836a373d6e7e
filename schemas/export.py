"""The files that are generated from the contracts and checked in, and whether they still say the same."""

from pathlib import Path

import yaml

from schemas.asyncapi import document
from schemas.contract_releases import current_contracts, render
from schemas.errors import NoSourceTreeError
from schemas.event_reference import reference

SOURCE_TREE = Path(__file__).parents[1]


def generated_files() -> dict[str, str]:
    """Path inside the checkout and text of every generated file; the same on every run."""
    files = {
        f"schemas/jsonschema/{event_type}.json": render(schema)
        for event_type, schema in current_contracts().items()
    }
    files["schemas/asyncapi.yaml"] = _yaml(document())
    files["docs/events.md"] = reference()
    return files


def stale_files(root: Path = SOURCE_TREE) -> list[str]:
    """Generated files that are missing, say something else than the contracts, or belong to no event."""
    return _stale(root, generated_files())


def _stale(root: Path, files: dict[str, str]) -> list[str]:
    changed = [
        name for name, text in files.items() if not (root / name).is_file() or _text(root / name) != text
    ]
    left_over = [
        str(path.relative_to(root))
        for path in (root / "schemas/jsonschema").glob("*.json")
        if str(path.relative_to(root)) not in files
    ]
    return sorted([*changed, *left_over])


def write_files(root: Path = SOURCE_TREE) -> list[str]:
    """Bring the checkout at ``root`` up to date; returns what was written or removed.

    :raises NoSourceTreeError: if ``root`` is no checkout.
    """
    if not (root / "pyproject.toml").is_file():
        raise NoSourceTreeError(
            f"{root} has no pyproject.toml: run this in a checkout, or give one with --root"
        )
    files = generated_files()
    stale = _stale(root, files)
    for name in stale:
        path = root / name
        if name in files:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(files[name], "utf-8")
        else:
            path.unlink()
    return stale


def _text(path: Path) -> str:
    return path.read_text("utf-8")


class _Plain(yaml.SafeDumper):
    """Writes equal parts out in full: YAML's anchors confuse readers of AsyncAPI."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - the base class's signature
        return True


def _yaml(content: object) -> str:
    head = "# Written by `fakeme schemas export`; change the contracts in schemas/ instead.\n"
    return head + yaml.dump(content, Dumper=_Plain, sort_keys=False, allow_unicode=True, width=110)
