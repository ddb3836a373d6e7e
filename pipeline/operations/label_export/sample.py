"""A labelled media item of the training set, and the reasons to leave media items out."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Truth(StrEnum):
    """The label, which is also the name of the folder for its files."""

    REAL = "real"
    FAKE = "fake"


class Reason(StrEnum):
    """Why a decided post or one of its media items is left out."""

    REOPENED = "reopened"  # a report or appeal after the decision is still open
    TOO_FEW_AGREE = "too_few_agree"
    MEDIA_UNKNOWN = "media_unknown"  # no event contained the post's media items
    NOT_FLAGGED = "not_flagged"  # the post is forged, but no verdict flags this media item of several
    GONE = "gone"
    CHANGED = "changed"  # not the bytes that the verdict is about
    BROKEN = "broken"
    REFUSED = "refused"  # too large, too long, or in a bucket that FakeME may not read
    CONFLICT = "conflict"  # decided as real in one post and as forged in another
    NEAR_DUPLICATE = "near_duplicate"
    BETWEEN_UNITS = "between_units"  # would join two units of an earlier export


@dataclass(frozen=True)
class LeftOut:
    """A media item that is not exported; ``media``: its number in the post from 1, 0 for the whole post."""

    case: str
    reason: Reason
    media: int = 0
    sha256: str = ""


@dataclass(frozen=True)
class Sample:
    """A labelled media item, i.e. a row of ``labels.csv``; ``unit`` is empty until it is assigned."""

    sha256: str
    truth: Truth
    suffix: str  # with the dot, or empty
    case: str
    media: int  # its number in the post, from 1
    decided_at: datetime
    decisions: int
    model: str = ""
    score: float | None = None
    pdq: str = ""
    accounts: frozenset[str] = frozenset()
    unit: str = ""

    @property
    def file(self) -> str:
        """Path relative to the export folder."""
        return f"{self.truth}/{self.sha256}{self.suffix}"
