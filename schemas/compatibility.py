"""Finds what a change of contracts would break for those who still use the released ones.

- Backward, for every event: documents made by the released contract are accepted by the current one.
  Platforms keep sending the old ones, and topics keep old ones of our own for days.
- Forward, for the events that FakeME writes: documents made by the current contract are accepted by the
  released one, and lack no property that it promised, since the platform's consumers were made from it.

Readers ignore properties that they do not know, so a new optional property breaks nobody.
"""

from collections.abc import Mapping

from schemas.breaking_changes import BreakingChange, Direction, Rule
from schemas.flow import BY_TOPIC
from schemas.jsonschemas import Schema
from schemas.schema_diff import SchemaDiff
from schemas.topics import BY_EVENT_TYPE


def find_breaks(released: Mapping[str, Schema], current: Mapping[str, Schema]) -> list[BreakingChange]:
    """Every break of ``current`` against ``released``, both JSON Schemas by event type."""
    breaks: list[BreakingChange] = []
    for event_type, old in sorted(released.items()):
        if event_type not in current:
            breaks.append(
                BreakingChange(event_type, Direction.BACKWARD, Rule.EVENT_REMOVED, "$", "it was released")
            )
            continue
        breaks += backward_breaks(event_type, old, current[event_type])
        if not _from_platform(event_type):
            breaks += forward_breaks(event_type, old, current[event_type])
    return breaks


def backward_breaks(event_type: str, released: Schema, current: Schema) -> list[BreakingChange]:
    """Why the current contract would refuse, or understand otherwise, a document of the released one."""
    return list(SchemaDiff(event_type, Direction.BACKWARD, released, current).breaks())


def forward_breaks(event_type: str, released: Schema, current: Schema) -> list[BreakingChange]:
    """Why a reader with the released contract would refuse, or miss something in, a document of today."""
    return list(SchemaDiff(event_type, Direction.FORWARD, current, released).breaks())


def _from_platform(event_type: str) -> bool:
    topic = BY_EVENT_TYPE.get(event_type)
    return topic is not None and BY_TOPIC[topic.name].from_platform
