"""Converts pydantic's errors to field errors that state the field, the value and the remedy. Pure."""

import json
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, Field

from schemas.posts import Media, PostAppealed, PostCreated, PostReported

_MAX_VALUE_LENGTH = 80  # characters; enough to recognise the value
_FIELD_NAMES = sorted(
    {name for body in (Media, PostCreated, PostReported, PostAppealed) for name in body.model_fields}
)
_TIMESTAMP_REMEDY = "give a timestamp with its UTC offset, such as 2026-11-23T12:00:00+09:00"
_REMEDIES = {
    "uri": "upload the file, then give its URI, such as s3://platform-media/2026/11/cat.jpg",
    "media_type": "give the media type of the stored bytes, such as image/jpeg or video/mp4",
    "sha256": "give the SHA-256 of the bytes as 64 lower-case hex digits, or leave it out",
    "created_at": _TIMESTAMP_REMEDY,
    "reported_at": _TIMESTAMP_REMEDY,
    "appealed_at": _TIMESTAMP_REMEDY,
    "wait": "give seconds from 0 to 30, such as wait=5s",
    **dict.fromkeys(
        ("post_id", "author_id", "report_id", "reporter_id", "appeal_id"),
        "give 1 to 128 of the characters A-Z a-z 0-9 _ . : @ -",
    ),
}


class FieldError(BaseModel):
    """An invalid field of a request."""

    location: str = Field(description="body, query, path or header.", examples=["body"])
    pointer: str = Field(description="JSON Pointer to the field (RFC 6901).", examples=["/media/0/uri"])
    detail: str = Field(examples=["String should match pattern '^s3://…'"])
    value: str | None = Field(default=None, description="The value that was sent, as JSON, shortened.")
    remedy: str = Field(description="What to do.")

    def sentence(self) -> str:
        """Return the error in one line."""
        value = "" if self.value is None else f" (it is {self.value})"
        return f"{self.location} {self.pointer}: {self.detail}{value}: {self.remedy}"


def field_errors(errors: Sequence[Mapping[str, Any]]) -> tuple[FieldError, ...]:
    """Return pydantic's ``errors`` as field errors, without those caused by an error in a nested field."""
    locations = [tuple(error["loc"]) for error in errors]
    return tuple(
        _field_error(error)
        for error, location in zip(errors, locations, strict=True)
        if not any(len(other) > len(location) and other[: len(location)] == location for other in locations)
    )


def _field_error(error: Mapping[str, Any]) -> FieldError:
    location, *path = (str(part) for part in error["loc"])
    name = path[-1] if path else location
    return FieldError(
        location=location,
        pointer="".join(f"/{part.replace('~', '~0').replace('/', '~1')}" for part in path),
        detail=error["msg"],
        value=None if error["type"] == "missing" else _shortened_json(error["input"]),
        remedy=_remedy(error["type"], name),
    )


def _remedy(error_type: str, name: str) -> str:
    if error_type == "extra_forbidden":
        close = get_close_matches(name, _FIELD_NAMES, n=1)
        return f"did you mean {close[0]}?" if close else "remove it: there is no such field"
    remedy = _REMEDIES.get(name)
    if error_type == "missing":
        return f"add it: {remedy}" if remedy else "add it"
    return remedy or "correct it as described in /docs"


def _shortened_json(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=repr)
    return text if len(text) <= _MAX_VALUE_LENGTH else f"{text[:_MAX_VALUE_LENGTH]}…"
