"""Bodies that only Python's json accepts are refused, with the place and without the value."""

import json
import time

import pytest

from pipeline.producers.gateway.json_request import JsonRequest, has_more_values
from pipeline.producers.gateway.problems import Problem, ProblemKind


async def parse(body: bytes) -> object:
    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": body, "more_body": False}

    return await JsonRequest({"type": "http", "headers": []}, receive).json()


async def test_valid_json_is_read() -> None:
    assert await parse('{"text": "안녕 😀 \\ud83d\\ude00"}'.encode()) == {"text": "안녕 😀 😀"}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"text": nope}', "expected ident at line 1 column 11"),
        (b'{"secret": "\\ud800"}', "line 1 column"),  # an escaped lone surrogate
        (b'{"secret": "\xed\xa0\x80"}', "invalid unicode code point at line 1"),  # an encoded one
        ('"secret"'.encode("utf-16"), "line 1 column 1"),
        (b"[" * 10_000, "recursion limit exceeded"),
        (b"1" * 10_000, "number out of range"),
        (b'{"secret": NaN}', "expected value at line 1 column 12"),
        (b"", "EOF while parsing a value"),
    ],
)
async def test_what_is_not_strict_json_is_refused(body: bytes, reason: str) -> None:
    with pytest.raises(Problem) as error:
        await parse(body)

    assert error.value.kind is ProblemKind.MALFORMED_JSON
    assert error.value.detail.startswith("the body is not valid JSON: ")
    assert reason in error.value.detail
    assert "secret" not in error.value.detail


@pytest.mark.parametrize(
    ("document", "more"),
    [
        (1, False),
        ([0] * 4, False),
        ([0] * 5, True),
        ({"a": [1, {"b": 2}]}, False),
        ({"a": [1, {"b": 2, "c": 3}]}, True),
        ([[[[[]]]]], False),
        ([[[[[[]]]]]], True),
    ],
)
def test_values_are_counted_at_every_level(document: object, more: bool) -> None:
    assert has_more_values(document, 4) == more


async def test_a_body_of_unknown_fields_is_refused_before_it_is_validated() -> None:
    """A quarter of a megabyte of them held the event loop for 20 seconds."""
    body = json.dumps({f"k{number}": 0 for number in range(80_000)}).encode()
    started = time.process_time()

    with pytest.raises(Problem, match="more than 1,000 values"):
        await parse(body)

    assert time.process_time() - started < 1
