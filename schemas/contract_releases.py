"""Reads and writes the released contracts: the JSON Schemas of the last release, which users depend on."""

import json
from pathlib import Path

from schemas.breaking_changes import BreakingChange
from schemas.compatibility import find_breaks
from schemas.errors import IncompatibleContractsError
from schemas.jsonschemas import Schema, event_schema
from schemas.topics import EVENT_TOPICS

RELEASED = Path(__file__).parent / "released"


def current_contracts() -> dict[str, Schema]:
    """Return the JSON Schemas of the current contracts by event type."""
    return {topic.event_type: event_schema(topic) for topic in EVENT_TOPICS}


def released_contracts(folder: Path = RELEASED) -> dict[str, Schema]:
    """Return the JSON Schemas of the last release by event type; empty before the first release."""
    return {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.json"))}


def breaks_since_release(folder: Path = RELEASED) -> list[BreakingChange]:
    """Return the breaking changes of the current contracts since the last release."""
    return find_breaks(released_contracts(folder), current_contracts())


def release(folder: Path = RELEASED) -> list[Path]:
    """Release the current contracts.

    :return: the written files.
    :raises IncompatibleContractsError: if there are breaking changes since the last release. Add a new event
        type (``….v2``) for an incompatible change, and keep the old one.
    """
    breaks = breaks_since_release(folder)
    if breaks:
        raise IncompatibleContractsError([str(found) for found in breaks])
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for event_type, schema in current_contracts().items():
        path = folder / f"{event_type}.json"
        path.write_text(render(schema), "utf-8")
        written.append(path)
    return written


def render(schema: Schema) -> str:
    """Return the text of a JSON Schema file: indented, with non-ASCII characters unescaped."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
