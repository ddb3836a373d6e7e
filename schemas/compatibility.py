"""Finds breaking changes between the released and the current contracts.

- Backward, for every event: the current contract must accept documents of the released one. Platforms keep
  sending them, and topics retain FakeME's own old events for days.
- Forward, for events that FakeME writes: the released contract must accept documents of the current one, and
  no property may disappear, because the platform's consumers were built against the released contract.

Readers ignore unknown properties, so a new optional property is not a breaking change.
"""

from collections.abc import Mapping

from schemas.breaking_changes import BreakingChange, Direction, Rule
from schemas.flow import BY_TOPIC
from schemas.jsonschemas import Schema
from schemas.schema_diff import SchemaDiff
from schemas.topics import BY_EVENT_TYPE


def find_breaks(released: Mapping[str, Schema], current: Mapping[str, Schema]) -> list[BreakingChange]:
    """Return the breaking changes from ``released`` to ``current``, both JSON Schemas by event type."""
    breaks: list[BreakingChange] = []
    for event_type, old in sorted(released.items()):
        if event_type not in current:
            breaks.append(
                BreakingChange(
                    event_type, Direction.BACKWARD, Rule.EVENT_REMOVED, "$", "this event was released"
                )
            )
            continue
        breaks += backward_breaks(event_type, old, current[event_type])
        if not _from_platform(event_type):
            breaks += forward_breaks(event_type, old, current[event_type])
    return breaks


def backward_breaks(event_type: str, released: Schema, current: Schema) -> list[BreakingChange]:
    """Return why the current contract would reject or misread documents of the released one."""
    return list(SchemaDiff(event_type, Direction.BACKWARD, released, current).breaks())


def forward_breaks(event_type: str, released: Schema, current: Schema) -> list[BreakingChange]:
    """Return why the released contract would reject, or miss a property in, documents of the current one."""
    return list(SchemaDiff(event_type, Direction.FORWARD, current, released).breaks())


def _from_platform(event_type: str) -> bool:
    topic = BY_EVENT_TYPE.get(event_type)
    return topic is not None and BY_TOPIC[topic.name].from_platform
