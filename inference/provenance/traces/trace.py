"""One trace that software left in the metadata of a file, and what it is worth."""

from dataclasses import dataclass
from enum import StrEnum

from inference.provenance.text import MAX_TEXT


class Worth(StrEnum):
    """What a trace suggests. None proves anything: metadata are text that anybody can change."""

    GENERATED = "generated"  # the file says that a generator made it
    EDITED = "edited"  # the file names a program that edits pictures of people, among others
    NEUTRAL = "neutral"  # for experts: any ordinary file may have it


@dataclass(frozen=True)
class Trace:
    """``name`` says where the trace is, such as ``xmp-software``; ``value`` is what stands there."""

    name: str
    value: str
    worth: Worth

    def __post_init__(self) -> None:
        """Raise ``ValueError`` if the value is longer than a verdict can show."""
        if len(self.value) > MAX_TEXT:
            raise ValueError(f"the value of a trace has {len(self.value)} characters; cut it to {MAX_TEXT}")

    def __str__(self) -> str:
        return f"{self.name} {self.value!r} ({self.worth.value})"
