"""One hostile file, and what must come of it."""

from dataclasses import dataclass
from enum import StrEnum


class Expected(StrEnum):
    """What decoding must come to, besides an answer within the limits."""

    ANSWERED = "answered"  # frames or a refusal: a mutation may be harmless
    REFUSED = "refused"
    NOT_CLEARED = "not_cleared"  # refused, or decoded with a share below 0.9: it must not pass as authentic
    DECODED = "decoded"  # viewers show it, so it must be judged


@dataclass(frozen=True)
class Case:
    """A file: its family, a name that is unique in the family, its bytes and the declared media type."""

    family: str
    name: str
    data: bytes
    expected: Expected = Expected.ANSWERED
    declared: str | None = None
