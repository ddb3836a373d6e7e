"""What can be wrong with an event as it comes off a topic.

Each fault is permanent: another try reads the same bytes.
"""

from enum import StrEnum


class DeadLetterReason(StrEnum):
    """Why an event ended among the dead letters."""

    MISSING_HEADERS = "missing_headers"
    UNKNOWN_TYPE = "unknown_type"
    UNKNOWN_VERSION = "unknown_version"
    NOT_JSON = "not_json"
    WRONG_SCHEMA = "wrong_schema"
    OVERSIZE = "oversize"
    HANDLER_FAILED = "handler_failed"


class SchemaError(Exception):
    """Base of what this package raises."""


class UnreadableEventError(SchemaError):
    """A record is no event that we know; ``reason`` says in which way, ``detail`` what was seen."""

    def __init__(self, reason: DeadLetterReason, detail: str) -> None:
        super().__init__(f"{reason.value}: {detail}")
        self.reason = reason
        self.detail = detail
