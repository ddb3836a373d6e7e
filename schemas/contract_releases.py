"""The last released set of contracts: JSON Schemas as they were when somebody began to depend on them."""

import json
from pathlib import Path

from schemas.breaking_changes import BreakingChange
from schemas.compatibility import find_breaks
from schemas.errors import IncompatibleContractsError
from schemas.jsonschemas import Schema, event_schema
from schemas.topics import EVENT_TOPICS

RELEASED = Path(__file__).parent / "released"


def current_contracts() -> dict[str, Schema]:
    """The JSON Schemas of the contracts as they are now, by event type."""
    return {topic.event_type: event_schema(topic) for topic in EVENT_TOPICS}


def released_contracts(folder: Path = RELEASED) -> dict[str, Schema]:
    """The JSON Schemas of the last release, by event type; empty before the first."""
    return {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.json"))}


def breaks_since_release(folder: Path = RELEASED) -> list[BreakingChange]:
    """What the current contracts would break for users of the last release."""
    return find_breaks(released_contracts(folder), current_contracts())


def release(folder: Path = RELEASED) -> list[Path]:
    """Make the current contracts the released ones.

    :return: the files that were written.
    :raises IncompatibleContractsError: where they break users of the last release; an event that must
        change so gets a new type (``….v2``) beside the old one.
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
    """The text of a JSON Schema file: indented, with characters as they are."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
