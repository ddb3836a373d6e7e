"""From pydantic's errors to faults that name the field, the value and what to do; pure."""

import json
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, Field

from schemas.posts import Media, PostAppealed, PostCreated, PostReported

_SHOWN = 80  # characters of a value; enough to recognise it
_NAMES = sorted(
    {name for body in (Media, PostCreated, PostReported, PostAppealed) for name in body.model_fields}
)
_MOMENT = "give a moment with its offset from UTC, such as 2026-11-23T12:00:00+09:00"
_REMEDIES = {
    "uri": "upload the file, then give its place, such as s3://platform-media/2026/11/cat.jpg",
    "media_type": "give the type that the bytes were stored as, such as image/jpeg or video/mp4",
    "sha256": "give the SHA-256 of the bytes as 64 lower-case hex digits, or leave it out",
    "created_at": _MOMENT,
    "reported_at": _MOMENT,
    "appealed_at": _MOMENT,
    "wait": "give seconds from 0 to 30, such as wait=5s",
    **dict.fromkeys(
        ("post_id", "author_id", "report_id", "reporter_id", "appeal_id"),
        "give 1 to 128 of the characters A-Z a-z 0-9 _ . : @ -",
    ),
}


class Fault(BaseModel):
    """One field of a request that is wrong."""

    location: str = Field(description="body, query, path or header.", examples=["body"])
    pointer: str = Field(description="JSON Pointer to the field (RFC 6901).", examples=["/media/0/uri"])
    detail: str = Field(examples=["String should match pattern '^s3://…'"])
    value: str | None = Field(default=None, description="What was given, as JSON, shortened.")
    remedy: str = Field(description="What to do.")

    def sentence(self) -> str:
        """The fault in one line."""
        given = "" if self.value is None else f" (it is {self.value})"
        return f"{self.location} {self.pointer}: {self.detail}{given}: {self.remedy}"


def faults_of(errors: Sequence[Mapping[str, Any]]) -> tuple[Fault, ...]:
    """The faults behind pydantic's ``errors``, without those that only follow from a fault further inside."""
    places = [tuple(error["loc"]) for error in errors]
    return tuple(
        _fault(error)
        for error, place in zip(errors, places, strict=True)
        if not any(len(other) > len(place) and other[: len(place)] == place for other in places)
    )


def _fault(error: Mapping[str, Any]) -> Fault:
    location, *path = (str(part) for part in error["loc"])
    name = path[-1] if path else location
    return Fault(
        location=location,
        pointer="".join(f"/{part.replace('~', '~0').replace('/', '~1')}" for part in path),
        detail=error["msg"],
        value=None if error["type"] == "missing" else _shown(error["input"]),
        remedy=_remedy(error["type"], name),
    )


def _remedy(kind: str, name: str) -> str:
    if kind == "extra_forbidden":
        close = get_close_matches(name, _NAMES, n=1)
        return f"did you mean {close[0]}?" if close else "remove it: there is no such field"
    known = _REMEDIES.get(name)
    if kind == "missing":
        return f"add it: {known}" if known else "add it"
    return known or "correct it as /docs describes it"


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=repr)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
