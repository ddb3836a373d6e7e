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


class IncompatibleContractsError(SchemaError):
    """The contracts would break those who use the released ones; ``breaks`` says where."""

    def __init__(self, breaks: list[str]) -> None:
        super().__init__(
            "the contracts break users of the released ones; keep the old form, or give the event a new "
            "version beside the old one:\n  " + "\n  ".join(breaks)
        )
        self.breaks = breaks


class NoSourceTreeError(SchemaError):
    """Generated files belong into a checkout, and there is none at the given place."""
