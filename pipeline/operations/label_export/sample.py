"""One media of the training set with its label, and why one is not in it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Truth(StrEnum):
    """The label, named as the folder that media with it lie in."""

    REAL = "real"
    FAKE = "fake"


class Reason(StrEnum):
    """Why a decision or a media of it is left out."""

    REOPENED = "reopened"  # a report or appeal after the decision waits to be decided
    TOO_FEW_AGREE = "too_few_agree"
    MEDIA_UNKNOWN = "media_unknown"  # nobody ever told us the post's media
    NOT_FLAGGED = "not_flagged"  # the post is forged, but nothing says that this media of several is
    GONE = "gone"
    CHANGED = "changed"  # other bytes than those that were judged
    BROKEN = "broken"
    REFUSED = "refused"  # too large, too long, or in a bucket that is not ours to read
    CONFLICT = "conflict"  # the same picture was found real in one place and forged in another
    NEAR_DUPLICATE = "near_duplicate"
    BETWEEN_UNITS = "between_units"  # joins two units of an older export, one of which would have to move


@dataclass(frozen=True)
class LeftOut:
    """Something that is not exported; ``media``: its number in the post from 1, 0 for the whole post."""

    case: str
    reason: Reason
    media: int = 0
    sha256: str = ""


@dataclass(frozen=True)
class Sample:
    """One media with its label: a row of ``labels.csv``; ``unit`` is empty until it has one."""

    sha256: str
    truth: Truth
    suffix: str  # with its dot, or empty
    case: str
    media: int  # its number in the post that the case is about, from 1
    decided_at: datetime
    decisions: int
    model: str = ""
    score: float | None = None
    pdq: str = ""
    accounts: frozenset[str] = frozenset()
    unit: str = ""

    @property
    def file(self) -> str:
        """Where it lies in the export folder."""
        return f"{self.truth}/{self.sha256}{self.suffix}"
