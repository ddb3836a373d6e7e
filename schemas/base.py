"""What every event contract shares: immutability, tolerant reading and common field types."""

from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

MAX_TEXT = 10_000  # characters; the longest post text of the large platforms is below this
MAX_ID = 128  # characters; room for UUIDs, snowflakes and prefixed identifiers

PlatformId = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MAX_ID,
        pattern=r"^[A-Za-z0-9_.:@-]+$",  # not \w, which means other letters to other regex engines
        description="An identifier of the platform's own.",
    ),
]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the bytes, lower-case hex.")]
Pdq = Annotated[
    str, Field(pattern=r"^[0-9a-f]{64}$", description="256-bit PDQ perceptual hash, lower-case hex.")
]
Probability = Annotated[float, Field(ge=0.0, le=1.0, description="From 0 to 1.")]
Instant = Annotated[AwareDatetime, Field(description="A moment with its offset from UTC, RFC 3339.")]


class Contract(BaseModel):
    """A value that crosses a topic.

    Immutable. Unknown fields are ignored on reading, so that a producer may be newer than its consumer.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        str_strip_whitespace=True,
        allow_inf_nan=False,  # JSON has no such numbers: they would be written as null
    )


def rfc3339(moment: datetime) -> str:
    """RFC 3339 text of ``moment`` as CloudEvents wants it in its ``time`` attribute."""
    return moment.isoformat()
