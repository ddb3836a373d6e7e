import io

import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ParamValidationError,
    ReadTimeoutError,
    ResponseStreamingError,
)
from botocore.response import StreamingBody

from storage.errors import (
    AccessDeniedError,
    BucketMissingError,
    ObjectMissingError,
    ObjectRefusedError,
    ObjectStoreUnavailableError,
    ObjectTooLargeError,
    StorageError,
    is_transient,
)
from storage.objects import _read, explain


def _answer(code: str, status: int) -> ClientError:
    return ClientError(
        {"Error": {"Code": code, "Message": "…"}, "ResponseMetadata": {"HTTPStatusCode": status}}, "GetObject"
    )


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        (_answer("NoSuchKey", 404), ObjectMissingError),
        (_answer("404", 404), ObjectMissingError),  # HEAD has no body to say more
        (_answer("NoSuchBucket", 404), BucketMissingError),  # an operator's mistake, not an answer
        (ParamValidationError(report="Invalid bucket name"), ObjectRefusedError),
        (_answer("InvalidRequest", 400), ObjectRefusedError),  # such as a key with `..`
        (_answer("KeyTooLongError", 400), ObjectRefusedError),
        (_answer("MethodNotAllowed", 405), ObjectRefusedError),
        (_answer("PermanentRedirect", 301), ObjectStoreUnavailableError),
        (_answer("AuthorizationHeaderMalformed", 400), ObjectStoreUnavailableError),
        (_answer("", 0), ObjectStoreUnavailableError),
        (_answer("AccessDenied", 403), AccessDeniedError),
        (_answer("InvalidAccessKeyId", 403), AccessDeniedError),
        (_answer("SignatureDoesNotMatch", 403), AccessDeniedError),
        (_answer("SlowDown", 503), ObjectStoreUnavailableError),
        (_answer("InternalError", 500), ObjectStoreUnavailableError),
        (_answer("RequestTimeout", 400), ObjectStoreUnavailableError),
        (EndpointConnectionError(endpoint_url="http://store"), ObjectStoreUnavailableError),
        (ConnectTimeoutError(endpoint_url="http://store"), ObjectStoreUnavailableError),
        (ReadTimeoutError(endpoint_url="http://store"), ObjectStoreUnavailableError),
        (ResponseStreamingError(error="broke off"), ObjectStoreUnavailableError),
        (_answer("InvalidObjectState", 403), ObjectRefusedError),  # archived: it will not come back by itself
    ],
    ids=repr,
)
def test_store_errors_are_translated(error: ClientError | BotoCoreError, meaning: type[StorageError]) -> None:
    explained = explain(error, "s3://platform-media/cat.jpg", "http://store")
    assert type(explained) is meaning
    assert is_transient(explained) is issubclass(meaning, ObjectStoreUnavailableError)
    assert "s3://platform-media/cat.jpg" in str(explained)


class _Unread(io.BytesIO):
    def read(self, *_: object) -> bytes:
        raise AssertionError("an object that is too large is not to be read")


def _object(raw: io.BytesIO, size: int) -> dict[str, object]:
    return {"ContentLength": size, "Body": StreamingBody(raw, None)}


def _ignore(size: int) -> None:
    """Do nothing before the body is read."""


def test_the_size_is_told_before_the_body_is_read() -> None:
    body, told = io.BytesIO(b"1234"), []

    _read(_object(body, 4), "s3://b/k", 4, lambda size: told.append((size, body.tell())))  # type: ignore[arg-type]

    assert told == [(4, 0)]


def test_object_of_exactly_the_limit_is_read() -> None:
    assert _read(_object(io.BytesIO(b"1234"), 4), "s3://b/k", 4, _ignore) == b"1234"  # type: ignore[arg-type]


def test_object_with_a_too_large_content_length_is_not_read() -> None:
    with pytest.raises(ObjectTooLargeError, match="5 bytes; the limit is 4"):
        _read(_object(_Unread(), 5), "s3://b/k", 4, _ignore)  # type: ignore[arg-type]


def test_object_larger_than_its_content_length_is_rejected() -> None:
    with pytest.raises(ObjectTooLargeError, match="more than 4 bytes"):
        _read(_object(io.BytesIO(b"123456"), 3), "s3://b/k", 4, _ignore)  # type: ignore[arg-type]


def test_incomplete_download_is_transient() -> None:
    with pytest.raises(ObjectStoreUnavailableError, match="after 2 of 4 bytes"):
        _read(_object(io.BytesIO(b"12"), 4), "s3://b/k", 9, _ignore)  # type: ignore[arg-type]
