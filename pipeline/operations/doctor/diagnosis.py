"""A result of the doctor's checks."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """Severity: ``warn`` is a possible problem, with ``fail`` FakeME does not work."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Diagnosis:
    """The result of a check: its subject, level, state and, unless the level is OK, the remedy."""

    subject: str
    level: Level
    says: str
    remedy: str = ""


def ok(subject: str, says: str) -> Diagnosis:
    """Return a diagnosis for a check that passed."""
    return Diagnosis(subject, Level.OK, says)


def warning(subject: str, says: str, remedy: str) -> Diagnosis:
    """Return a diagnosis for a possible problem."""
    return Diagnosis(subject, Level.WARN, says, remedy)


def failure(subject: str, says: str, remedy: str) -> Diagnosis:
    """Return a diagnosis for a problem with which FakeME does not work."""
    return Diagnosis(subject, Level.FAIL, says, remedy)
