"""What the pool, the fork server and a decoding process tell each other.

A decoding process may have been taken over by a file that it decoded. Its answers are validated here like
anything else that comes from a stranger.
"""

import socket
import sys
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from inference.media.decoded import MediaKind
from inference.media.limits import MediaLimits
from inference.provenance.credentials import Credentials
from schemas.verdicts import UnprocessableReason

# Sequenced packets keep message boundaries and report the end of the other side. macOS has datagrams only.
SOCKET_KIND = socket.SOCK_SEQPACKET if sys.platform == "linux" else socket.SOCK_DGRAM
MAX_MESSAGE_BYTES = 65_536
MAX_FILES = 2  # behind the descriptors of one message
MAX_SIDE = 65_535  # pixels
MAX_FRAMES = 256
MAX_DETAIL = 1_000  # characters; the limit of the event schema


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    def to_bytes(self) -> bytes:
        return self.model_dump_json().encode()


class Spawn(_Message):
    """Pool to fork server: start a decoding process with these limits."""

    memory_bytes: int
    output_bytes: int


class DecodeJob(_Message):
    """Pool to decoding process: decode the file behind the descriptor of this message."""

    task: Literal["decode"] = "decode"
    declared_type: str | None
    limits: MediaLimits
    cpu_seconds: int


class CredentialsJob(_Message):
    """Pool to decoding process: verify the content credentials of the file behind the first descriptor.

    Behind the second one are the certificates of the trust list, PEM.
    """

    task: Literal["credentials"] = "credentials"
    cpu_seconds: int


Job = DecodeJob | CredentialsJob


class FrameShape(_Message):
    """The size of one frame in pixels, its time in seconds (None in a still picture), and its kind."""

    height: int = Field(ge=1, le=MAX_SIDE)
    width: int = Field(ge=1, le=MAX_SIDE)
    seconds: float | None = None
    keyframe: bool

    @property
    def nbytes(self) -> int:
        """The bytes of the frame as 8-bit RGB."""
        return self.height * self.width * 3


class _Answer(_Message):
    cpu_seconds: float = Field(ge=0)  # that this file took
    max_rss_bytes: int = Field(ge=0)  # peak resident memory of the process so far


class Decoded(_Answer):
    """Decoding process to pool: the frames are in the file behind the descriptor of this message."""

    outcome: Literal["decoded"] = "decoded"
    kind: MediaKind
    media_type: str = Field(max_length=100)
    width: int = Field(ge=1, le=MAX_SIDE)
    height: int = Field(ge=1, le=MAX_SIDE)
    seconds: float | None
    frames: tuple[FrameShape, ...] = Field(min_length=1, max_length=MAX_FRAMES)
    decoded_share: float = Field(ge=0, le=1)
    fault: str = Field(max_length=MAX_DETAIL)


class Verified(_Answer):
    """Decoding process to pool: the content credentials of the file."""

    outcome: Literal["verified"] = "verified"
    credentials: Credentials


class Refused(_Answer):
    """Decoding process to pool: the media item cannot be judged."""

    outcome: Literal["refused"] = "refused"
    reason: UnprocessableReason
    detail: str = Field(max_length=MAX_DETAIL)


class Ended(_Message):
    """Fork server to pool: a process ended, how, and what it used in its life."""

    signal: int = 0  # that ended it; 0 if it exited by itself
    exit_code: int = 0
    cpu_seconds: float = 0.0
    max_rss_bytes: int = 0


Answer = Decoded | Verified | Refused

_JOB: TypeAdapter[Job] = TypeAdapter(Annotated[Job, Field(discriminator="task")])
_ANSWER: TypeAdapter[Answer] = TypeAdapter(Annotated[Answer, Field(discriminator="outcome")])


def parse_job(raw: bytes) -> Job:
    """Return the job of the pool."""
    return _JOB.validate_json(raw)


def parse_answer(raw: bytes) -> Answer:
    """Return the answer of a decoding process; raise ``pydantic.ValidationError`` if it is not one."""
    return _ANSWER.validate_json(raw)
