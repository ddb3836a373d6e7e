"""Reads a request's JSON body strictly: UTF-8 without lone surrogates, NaN, deep nesting or endless lists.

Python's ``json`` accepts all of these. A lone surrogate (forbidden by RFC 7493, section 2.1) then breaks
whatever encodes the text again, a value nested thousands of levels deep exhausts the stack, and each of
80,000 unknown fields is validated and reported for nothing.
"""

from typing import Any

from pydantic_core import from_json
from starlette.requests import Request

from pipeline.producers.gateway.problems import Problem, ProblemKind

MAX_VALUES = 1_000  # the largest valid event has about 200: fields, media items and hashtags


class JsonRequest(Request):
    """A request whose body FastAPI reads with :meth:`json`."""

    async def json(self) -> Any:
        """Return the body; raises :class:`Problem` (400, 422) that states why it cannot be an event."""
        body = await self.body()
        try:
            document = from_json(body, allow_inf_nan=False, cache_strings="none")
        except ValueError as error:
            raise Problem(ProblemKind.MALFORMED_JSON, f"the body is not valid JSON: {error}") from error
        if has_more_values(document, MAX_VALUES):
            raise Problem(
                ProblemKind.INVALID_REQUEST, f"the body has more than {MAX_VALUES:,} values: no event has"
            )
        return document


def has_more_values(document: object, limit: int) -> bool:
    """Return whether lists and objects in ``document`` hold more than ``limit`` values."""
    containers, counted = [document], 0
    while containers:
        container = containers.pop()
        if not isinstance(container, list | dict):
            continue
        counted += len(container)
        if counted > limit:
            return True
        containers.extend(container.values() if isinstance(container, dict) else container)
    return False
