"""Each field error of a request states the field, the value and the remedy."""

import time
from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from pipeline.producers.gateway.request_bodies import NewAppeal, NewPost, NewReport
from pipeline.producers.gateway.validation_errors import (
    MAX_ERRORS,
    FieldError,
    field_errors,
    logged_place,
)

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


def errors_of(body: type[BaseModel], request: object) -> tuple[FieldError, ...]:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(body).validate_python(request)
    return field_errors([{**error, "loc": ("body", *error["loc"])} for error in caught.value.errors()])


@pytest.mark.parametrize(
    ("body", "request_body", "pointer", "value", "remedy"),
    [
        (NewPost, {**POST, "post_id": "a b"}, "/post_id", '"a b"', "give 1 to 128 of the characters"),
        (NewPost, {**POST, "author_id": 7}, "/author_id", "7", "give 1 to 128 of the characters"),
        (NewPost, {**POST, "autor_id": "x"}, "/autor_id", '"x"', "did you mean author_id?"),
        (NewPost, {**POST, "colour": 1}, "/colour", "1", "remove it: there is no such field"),
        (NewPost, {**POST, "created_at": "2026-11-23T12:00:00"}, "/created_at", None, "UTC offset"),
        (NewPost, {**POST, "media": []}, "/media", None, "correct it as described in docs/events.md"),
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
            "upload the file, then give its URI",
        ),
        (NewPost, {**POST, "a/b~c": 1}, "/a~1b~0c", "1", "remove it"),  # RFC 6901, section 3
        (
            NewReport,
            {**REPORT, "reason": "rude"},
            "/reason",
            '"rude"',
            "correct it as described in docs/events.md",
        ),
        (NewReport, {**REPORT, "media": [{"x": 1}]}, "/media/0/uri", None, "add it: upload the file"),
        (NewAppeal, {}, "/appeal_id", None, "add it: give 1 to 128"),
    ],
)
def test_an_error_states_the_field_the_value_and_the_remedy(
    body: type[BaseModel], request_body: object, pointer: str, value: str | None, remedy: str
) -> None:
    errors = {error.pointer: error for error in errors_of(body, request_body)}

    assert remedy in errors[pointer].remedy
    if value is not None:
        assert errors[pointer].value == value


def test_an_error_caused_by_a_nested_error_is_left_out() -> None:
    """pydantic adds "media should have at least 1 item" after it rejected the only item."""
    request_body = {**POST, "media": [{"uri": "nowhere", "media_type": "image/jpeg"}]}

    assert [error.pointer for error in errors_of(NewPost, request_body)] == ["/media/0/uri"]


def test_a_long_value_is_shortened() -> None:
    (error,) = errors_of(NewPost, {**POST, "author_id": "x" * 10_001})

    assert error.value == '"' + "x" * 79 + "..."


@pytest.mark.parametrize(
    ("body", "request_body"),
    [
        (NewPost, {**POST, "text": ["my secret"]}),
        (NewPost, {**POST, "hashtags": {"my secret": 1}}),
        (NewPost, {**POST, "media": [{**POST["media"][0], "alt_text": "my secret" * 1_000}]}),
        (NewReport, {**REPORT, "text": "my secret" * 2_000}),
        (NewReport, ["my secret"]),
        (NewReport, {**REPORT, "reporter_id": 10**5_000}),
    ],
)
def test_users_texts_lists_and_objects_are_not_repeated(body: type[BaseModel], request_body: object) -> None:
    assert [error.value for error in errors_of(body, request_body)] == [None] * len(
        errors_of(body, request_body)
    )


@pytest.mark.parametrize("hostile", ["\ud800", "\x00", "\x1b[31m", "\u202e", "é😀"])
def test_what_a_stranger_sent_is_escaped(hostile: str) -> None:
    (value,) = errors_of(NewPost, {**POST, "author_id": f"x {hostile}"})
    (key,) = errors_of(NewPost, {**POST, f"{hostile}/": 1})

    assert value.value is not None
    assert value.value.isascii()
    assert value.value.isprintable()
    assert key.sentence().isprintable()


def test_the_log_names_the_place_but_no_name_that_is_not_ours() -> None:
    errors = errors_of(NewPost, {**POST, "my secret": 1, "media": [{**POST["media"][0], "uri": "x"}]})

    assert [logged_place(error) for error in errors] == ["body/media/0/uri", "body/?"]
    assert "secret" not in errors[0].sentence()


def test_a_body_of_errors_is_reported_in_little_time_and_space() -> None:
    errors = [
        {"type": "extra_forbidden", "loc": ("body", f"{number}" * 50), "msg": "no", "input": 1}
        for number in range(100_000)
    ]
    started = time.process_time()

    reported = field_errors(errors)

    assert len(reported) == MAX_ERRORS
    assert time.process_time() - started < 5  # comparing each error with each other took minutes
    assert sum(len(error.sentence()) for error in reported) < 5_000


@pytest.mark.parametrize("post_id", [".", ".."])
@pytest.mark.parametrize(
    ("body", "request_body"), [(NewPost, POST), (NewReport, REPORT), (NewAppeal, {"appeal_id": "a"})]
)
def test_post_ids_that_urls_cannot_name_are_refused(
    body: type[BaseModel], request_body: dict[str, Any], post_id: str
) -> None:
    (error,) = (
        error
        for error in errors_of(body, {**request_body, "post_id": post_id})
        if error.pointer == "/post_id"
    )

    assert error.detail == "Value error, URLs cannot name it: clients and proxies resolve . and .. in a path"


@pytest.mark.parametrize("body", [NewPost, NewReport, NewAppeal])
def test_the_documented_examples_are_valid(body: type[NewPost | NewReport | NewAppeal]) -> None:
    for example in body.model_json_schema()["examples"]:
        assert body.model_validate(example).event().post_id == "post-1"
