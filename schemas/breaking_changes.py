"""The vocabulary of incompatibility: in which direction, by which rule and where a reader would be broken."""

from dataclasses import dataclass
from enum import StrEnum


class Direction(StrEnum):
    """Whose documents would no longer be read."""

    BACKWARD = "backward"  # documents of the released contract, read by the current one
    FORWARD = "forward"  # documents of the current contract, read by the released one


class Rule(StrEnum):
    """In which way a reader would refuse or miss something."""

    EVENT_REMOVED = "event_removed"
    PROPERTY_REQUIRED = "property_required"
    PROPERTY_REMOVED = "property_removed"
    TYPE_REFUSED = "type_refused"
    VALUE_REFUSED = "value_refused"
    LIMIT_NARROWED = "limit_narrowed"
    CONSTRAINT_CHANGED = "constraint_changed"
    DEFAULT_CHANGED = "default_changed"


@dataclass(frozen=True)
class BreakingChange:
    """One reason why a reader would refuse or misread a document: where, by which rule, and what was seen."""

    event_type: str
    direction: Direction
    rule: Rule
    path: str
    detail: str

    def __str__(self) -> str:
        return f"{self.event_type} {self.path}: {self.rule.value} ({self.direction.value}): {self.detail}"
