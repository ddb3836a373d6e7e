"""The base class and common field types of all event contracts."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

MAX_TEXT = 10_000  # characters; no large platform allows longer posts
MAX_ID = 128  # characters; room for UUIDs, snowflakes and prefixed identifiers

PlatformId = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MAX_ID,
        pattern=r"^[A-Za-z0-9_.:@-]+$",  # not \w: regex engines disagree about which letters it matches
        description="An identifier that the platform assigned.",
    ),
]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the bytes, lower-case hex.")]
Pdq = Annotated[
    str, Field(pattern=r"^[0-9a-f]{64}$", description="256-bit PDQ perceptual hash, lower-case hex.")
]
Probability = Annotated[float, Field(ge=0.0, le=1.0, description="A probability from 0 to 1.")]

# Fixed bounds, so that an event is readable or not whenever it is read. They keep all arithmetic with windows
# and ages inside the years that datetime has (1 to 9999).
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)


def _within_bounds(moment: datetime) -> datetime:
    if not EARLIEST <= moment < LATEST:
        raise ValueError(f"{moment.isoformat()} is not between the years {EARLIEST.year} and {LATEST.year}")
    return moment


Instant = Annotated[
    AwareDatetime,
    AfterValidator(_within_bounds),
    Field(description="A date and time with its UTC offset, RFC 3339."),
]


class Contract(BaseModel):
    """An immutable value that is sent on a topic.

    Unknown fields are ignored on reading, so that a producer may be newer than its consumer.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        str_strip_whitespace=True,
        allow_inf_nan=False,  # not valid in JSON; they would be written as null
    )


def rfc3339(moment: datetime) -> str:
    """Return ``moment`` as RFC 3339 text, the format of the CloudEvents ``time`` attribute."""
    return moment.isoformat()
