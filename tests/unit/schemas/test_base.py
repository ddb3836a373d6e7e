"""Dates in events: the contracts bound them, so that no arithmetic with them leaves the calendar."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from schemas.base import EARLIEST, LATEST, Instant
from schemas.examples import EXAMPLES

INSTANT = TypeAdapter(Instant)
AHEAD = timezone(timedelta(hours=14))
BEHIND = timezone(-timedelta(hours=12))


@pytest.mark.parametrize(
    "text",
    [
        "0001-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "1999-12-31T23:59:59Z",
        "2000-01-01T13:59:59+14:00",
        "2200-01-01T00:00:00Z",
        "9999-12-31T23:59:59.999999Z",
        "9999-12-31T23:59:59.999999-12:00",
    ],
)
def test_date_outside_the_bounds_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match="is not between the years 2000 and 2200"):
        INSTANT.validate_python(text)


@pytest.mark.parametrize(
    "moment",
    [
        EARLIEST,
        LATEST - timedelta(microseconds=1),
        datetime(2000, 1, 1, 14, tzinfo=AHEAD),
        datetime(2199, 12, 31, 11, 59, tzinfo=BEHIND),
        datetime(2026, 11, 23, tzinfo=UTC),
    ],
)
def test_date_within_the_bounds_is_accepted(moment: datetime) -> None:
    assert INSTANT.validate_python(moment) == moment


def _dates(document: dict[str, Any]) -> list[str]:
    return [name for name in document if name.endswith("_at") and document[name] is not None]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: type(example).__name__)
def test_every_date_of_every_event_is_bounded(example: Any) -> None:
    document = example.model_dump(mode="json")

    for name in _dates(document):
        with pytest.raises(ValidationError):
            type(example).model_validate({**document, name: "9999-12-31T23:59:59Z"})
    assert _dates(document)
