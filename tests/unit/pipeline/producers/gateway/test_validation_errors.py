"""Each fault of a request names the field, the value and what to do."""

from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from pipeline.producers.gateway.bodies import NewAppeal, NewPost, NewReport
from pipeline.producers.gateway.faults import Fault, faults_of

POST: dict[str, Any] = {
    "post_id": "p1",
    "author_id": "ann",
    "media": [{"uri": "s3://platform-media/cat.jpg", "media_type": "image/jpeg"}],
    "created_at": "2026-11-23T12:00:00+09:00",
}
REPORT: dict[str, Any] = {
    "report_id": "r1",
    "post_id": "p1",
    "reporter_id": "bob",
    "reason": "sexual",
    "reported_at": POST["created_at"],
}


def faults(body: type[BaseModel], given: object) -> tuple[Fault, ...]:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(body).validate_python(given)
    return faults_of([{**error, "loc": ("body", *error["loc"])} for error in caught.value.errors()])


@pytest.mark.parametrize(
    ("body", "given", "pointer", "value", "remedy"),
    [
        (NewPost, {**POST, "post_id": "a b"}, "/post_id", '"a b"', "give 1 to 128 of the characters"),
        (NewPost, {**POST, "author_id": 7}, "/author_id", "7", "give 1 to 128 of the characters"),
        (NewPost, {**POST, "autor_id": "x"}, "/autor_id", '"x"', "did you mean author_id?"),
        (NewPost, {**POST, "colour": 1}, "/colour", "1", "remove it: there is no such field"),
        (NewPost, {**POST, "created_at": "2026-11-23T12:00:00"}, "/created_at", None, "offset from UTC"),
        (NewPost, {**POST, "media": []}, "/media", "[]", "correct it as /docs describes it"),
        (
            NewPost,
            {**POST, "media": [{**POST["media"][0], "alttext": ""}]},
            "/media/0/alttext",
            '""',
            "did you mean alt_text?",
        ),
        (
            NewPost,
            {**POST, "media": [{"uri": "http://a/b", "media_type": "image/jpeg"}]},
            "/media/0/uri",
            '"http://a/b"',
            "upload the file, then give its place",
        ),
        (NewPost, {**POST, "a/b~c": 1}, "/a~1b~0c", "1", "remove it"),  # RFC 6901, section 3
        (NewReport, {**REPORT, "reason": "rude"}, "/reason", '"rude"', "correct it as /docs"),
        (NewReport, {**REPORT, "media": [{"x": 1}]}, "/media/0/uri", None, "add it: upload the file"),
        (NewAppeal, {}, "/appeal_id", None, "add it: give 1 to 128"),
    ],
)
def test_a_fault_says_where_what_and_what_to_do(
    body: type[BaseModel], given: object, pointer: str, value: str | None, remedy: str
) -> None:
    found = {fault.pointer: fault for fault in faults(body, given)}

    assert remedy in found[pointer].remedy
    if value is not None:
        assert found[pointer].value == value


def test_what_only_follows_from_a_fault_inside_is_not_told() -> None:
    """pydantic says "media should have at least 1 item" after it refused the only item."""
    given = {**POST, "media": [{"uri": "nowhere", "media_type": "image/jpeg"}]}

    assert [fault.pointer for fault in faults(NewPost, given)] == ["/media/0/uri"]


def test_a_long_value_is_shortened() -> None:
    (fault,) = faults(NewPost, {**POST, "text": "x" * 10_001})

    assert fault.value == '"' + "x" * 79 + "…"


@pytest.mark.parametrize("body", [NewPost, NewReport, NewAppeal])
def test_the_examples_of_the_documentation_are_valid(body: type[NewPost | NewReport | NewAppeal]) -> None:
    for example in body.model_json_schema()["examples"]:
        assert body.model_validate(example).event().post_id == "post-1"
