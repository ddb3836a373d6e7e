"""Errors of the schemas package. Unreadable events are permanent errors: a retry reads the same bytes."""

from enum import StrEnum


class DeadLetterReason(StrEnum):
    """Why an event was moved to the dead-letter topic."""

    MISSING_HEADERS = "missing_headers"
    UNKNOWN_TYPE = "unknown_type"
    UNKNOWN_VERSION = "unknown_version"
    NOT_JSON = "not_json"
    WRONG_SCHEMA = "wrong_schema"
    OVERSIZE = "oversize"
    HANDLER_FAILED = "handler_failed"


class SchemaError(Exception):
    """Base class of this package's errors."""


class UnreadableEventError(SchemaError):
    """A record is not a valid known event; ``reason`` is the category, ``detail`` the explanation."""

    def __init__(self, reason: DeadLetterReason, detail: str) -> None:
        super().__init__(f"{reason.value}: {detail}")
        self.reason = reason
        self.detail = detail


class IncompatibleContractsError(SchemaError):
    """The current contracts have breaking changes since the last release; ``breaks`` lists them."""

    def __init__(self, breaks: list[str]) -> None:
        super().__init__(
            "the contracts have breaking changes since the last release; revert them, or add a new version "
            "of the event and keep the old one:\n  " + "\n  ".join(breaks)
        )
        self.breaks = breaks


class NoSourceTreeError(SchemaError):
    """The given folder is not a checkout, so generated files cannot be written there."""
