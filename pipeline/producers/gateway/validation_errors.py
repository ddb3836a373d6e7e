"""Converts pydantic's errors to field errors that state the field, the value and the remedy. Pure.

Everything that a stranger sent is shortened and escaped to ASCII, and texts of users are not repeated at all.
"""

import json
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from itertools import islice
from typing import Any

from pydantic import BaseModel, Field

from schemas.posts import Media, PostAppealed, PostCreated, PostReported

MAX_ERRORS = 20  # as many as a post has media; a body of 1 MB can have 100,000 errors
_MAX_VALUE_LENGTH = 80  # characters; enough to recognise the value
_MAX_NAME_LENGTH = 64  # characters of one part of a pointer; our longest name has 15
_MAX_ECHOED_BITS = 64  # longer integers are not ids, and Python refuses to write very long ones
_USERS_TEXTS = ("text", "alt_text")
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
    "idempotency-key": "give 1 to 255 characters of printable ASCII",
    "payload": "give 1 to 13 hex digits, such as 0000000abc123",
    "wait": "give seconds from 0 to 30, such as wait=5s",
    **dict.fromkeys(
        ("post_id", "author_id", "report_id", "reporter_id", "appeal_id"),
        "give 1 to 128 of the characters A-Z a-z 0-9 _ . : @ -",
    ),
}
_KNOWN_NAMES = frozenset((*_FIELD_NAMES, "payload", "wait", "idempotency-key"))


class FieldError(BaseModel):
    """An invalid field of a request."""

    location: str = Field(description="body, query, path or header.", examples=["body"])
    pointer: str = Field(description="JSON Pointer to the field (RFC 6901).", examples=["/media/0/uri"])
    detail: str = Field(examples=["String should match pattern '^s3://…'"])
    value: str | None = Field(
        default=None,
        description="The value that was sent, as JSON, shortened; left out for texts, lists and objects.",
    )
    remedy: str = Field(description="What to do.")

    def sentence(self) -> str:
        """Return the error in one line, without the value: such lines end up in logs."""
        return f"{self.location} {self.pointer}: {self.detail}: {self.remedy}"


def printable(text: str) -> str:
    """Return ``text`` with lone surrogates and control characters escaped, so that all can show it."""
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text)


def field_errors(errors: Sequence[Mapping[str, Any]]) -> tuple[FieldError, ...]:
    """Return the first :data:`MAX_ERRORS` of pydantic's ``errors`` as field errors.

    Errors that an error in a nested field caused are left out.
    """
    locations = [tuple(error["loc"]) for error in errors]
    outer = {location[:length] for location in locations for length in range(len(location))}
    causes = (error for error, location in zip(errors, locations, strict=True) if location not in outer)
    return tuple(_field_error(error) for error in islice(causes, MAX_ERRORS))


def logged_place(error: FieldError) -> str:
    """Return where the error is, for the log: names that are not ours may carry a stranger's text."""
    parts = error.pointer.split("/")[1:]
    known = [part if part in _KNOWN_NAMES or (part.isascii() and part.isdigit()) else "?" for part in parts]
    return "/".join((error.location, *known))


def _field_error(error: Mapping[str, Any]) -> FieldError:
    location, *path = (str(part) for part in error["loc"])
    name = path[-1] if path else location
    return FieldError(
        location=location,
        pointer="".join(f"/{_pointer_part(part)}" for part in path),
        detail=printable(error["msg"]),
        value=None if error["type"] == "missing" else _echo(name, error["input"]),
        remedy=_remedy(error["type"], name),
    )


def _pointer_part(name: str) -> str:
    return printable(name[:_MAX_NAME_LENGTH]).replace("~", "~0").replace("/", "~1")


def _remedy(error_type: str, name: str) -> str:
    if error_type == "extra_forbidden":
        close = get_close_matches(name[:_MAX_NAME_LENGTH], _FIELD_NAMES, n=1)
        return f"did you mean {close[0]}?" if close else "remove it: there is no such field"
    remedy = _REMEDIES.get(name)
    if error_type == "missing":
        return f"add it: {remedy}" if remedy else "add it"
    return remedy or "correct it as described in docs/events.md"


def _echo(name: str, value: object) -> str | None:
    """Return the value as JSON; None for what may be long or personal."""
    if name in _USERS_TEXTS or isinstance(value, list | dict | tuple):
        return None
    if isinstance(value, int) and value.bit_length() > _MAX_ECHOED_BITS:
        return None
    text = json.dumps(value[:_MAX_VALUE_LENGTH] if isinstance(value, str) else value, default=repr)
    return text if len(text) <= _MAX_VALUE_LENGTH else f"{text[:_MAX_VALUE_LENGTH]}..."
