"""Breaking changes of event contracts: the direction, the violated rule and the place."""

from dataclasses import dataclass
from enum import StrEnum


class Direction(StrEnum):
    """Which contract cannot read which documents."""

    BACKWARD = "backward"  # the current contract cannot read documents of the released one
    FORWARD = "forward"  # the released contract cannot read documents of the current one


class Rule(StrEnum):
    """The compatibility rule that a change violates."""

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
    """One reason why a reader would reject or misread a document."""

    event_type: str
    direction: Direction
    rule: Rule
    path: str
    detail: str

    def __str__(self) -> str:
        return f"{self.event_type} {self.path}: {self.rule.value} ({self.direction.value}): {self.detail}"
