"""One line of the doctor's report."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is: ``warn`` may be fine, ``fail`` will not work."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Diagnosis:
    """What was examined, how it is, and, unless it is well, what to do."""

    subject: str
    level: Level
    says: str
    remedy: str = ""


def well(subject: str, says: str) -> Diagnosis:
    """It is as it should be."""
    return Diagnosis(subject, Level.OK, says)


def doubtful(subject: str, says: str, remedy: str) -> Diagnosis:
    """It may be a problem."""
    return Diagnosis(subject, Level.WARN, says, remedy)


def broken(subject: str, says: str, remedy: str) -> Diagnosis:
    """FakeME will not work with this."""
    return Diagnosis(subject, Level.FAIL, says, remedy)
