"""One line of the doctor's report."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is: ``warn`` may be fine, ``fail`` will not work."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Finding:
    """What was examined, how it is, and, unless it is well, what to do."""

    subject: str
    level: Level
    says: str
    remedy: str = ""


def well(subject: str, says: str) -> Finding:
    """It is as it should be."""
    return Finding(subject, Level.OK, says)


def doubtful(subject: str, says: str, remedy: str) -> Finding:
    """It may be a problem."""
    return Finding(subject, Level.WARN, says, remedy)


def broken(subject: str, says: str, remedy: str) -> Finding:
    """FakeME will not work with this."""
    return Finding(subject, Level.FAIL, says, remedy)
