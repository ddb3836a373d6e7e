"""Reads and writes objects in S3-compatible storage, with size limits and typed errors."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from storage.errors import (
    AccessDeniedError,
    BucketMissingError,
    ObjectMissingError,
    ObjectRefusedError,
    ObjectStoreUnavailableError,
    ObjectTooLargeError,
    StorageError,
)

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import GetObjectOutputTypeDef, HeadObjectOutputTypeDef

CONNECT_TIMEOUT_SECONDS = 3  # a store in the same network answers in milliseconds
READ_TIMEOUT_SECONDS = 30  # between two reads, not for the whole object
ATTEMPTS = 2  # covers a short glitch; longer outages go to the retry topic, which blocks no other event

_MISSING: Final = frozenset({"404", "NoSuchKey", "NotFound", "NoSuchVersion"})
_DENIED: Final = frozenset(
    {"401", "403", "AccessDenied", "Forbidden", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken"}
)
_BUSY: Final = frozenset({"429", "SlowDown", "RequestTimeout", "RequestTimeTooSkewed", "TooManyRequests"})
_WRONG_REGION: Final = frozenset({"AuthorizationHeaderMalformed", "IllegalLocationConstraintException"})
_TEXTS: Final[dict[type[StorageError], str]] = {
    ObjectMissingError: "has no object {uri}",
    BucketMissingError: "has no bucket for {uri}: create it, or correct its name",
    AccessDeniedError: "rejects the access key for {uri}: check the key pair, and that it may read the object"
    " and list the bucket (without the list permission, S3 also answers 403 for missing objects)",
    ObjectRefusedError: "refuses the request for {uri}, and would refuse it again",
    ObjectStoreUnavailableError: "is overloaded, failing, or serves {uri} in another region",
}


@dataclass(frozen=True)
class ObjectVersion:
    """What the store says about an object's content. If all three are unchanged, so is the content.

    The ETag alone would not do: it is usually an MD5, and two files with one MD5 can be made on purpose.
    """

    etag: str
    size: int  # bytes
    modified_at: datetime  # to the second


@dataclass(frozen=True)
class StoredObject:
    """An object's bytes and their version."""

    data: bytes
    version: ObjectVersion


class ObjectStore:
    """A thread-safe client for one store and one key pair. It connects on first use.

    Without a key pair, botocore uses the default AWS credentials (environment, instance role).
    ``connections`` should be at least the number of threads.
    """

    def __init__(
        self,
        endpoint: str | None,
        region: str,
        access_key: str | None,
        secret_key: str | None,
        *,
        connections: int = 16,
    ) -> None:
        self._endpoint = endpoint
        self._client: S3Client = boto3.session.Session().client(
            "s3",
            endpoint_url=endpoint,
            region_name=region,
            aws_access_key_id=access_key,
            aws_secret_access_key=secret_key,
            config=Config(
                signature_version="s3v4",
                s3={"addressing_style": "path"},  # other stores than AWS have no DNS name per bucket
                connect_timeout=CONNECT_TIMEOUT_SECONDS,
                read_timeout=READ_TIMEOUT_SECONDS,
                retries={"total_max_attempts": ATTEMPTS, "mode": "standard"},
                max_pool_connections=connections,
                request_checksum_calculation="when_required",  # not every store supports the newer checksums
                response_checksum_validation="when_required",
            ),
        )

    def stat(self, bucket: str, key: str) -> ObjectVersion:
        """Return the version of an object; raise the same errors as :meth:`fetch`.

        The answer has no body, so a missing bucket raises :class:`ObjectMissingError` here.
        """
        try:
            head = self._client.head_object(Bucket=bucket, Key=key)
        except (ClientError, BotoCoreError) as error:
            raise self._explain(error, bucket, key) from error
        return _version(head)

    def fetch(
        self,
        bucket: str,
        key: str,
        max_bytes: int,
        before_body: Callable[[int], None] = lambda _: None,
    ) -> StoredObject:
        """Return an object of at most ``max_bytes``.

        ``before_body`` is called with the size in bytes before the body is read, and may wait. Raise
        :class:`ObjectMissingError`; :class:`ObjectRefusedError`; :class:`ObjectTooLargeError`, by the size
        that the store reports, before the body is read; or :class:`ObjectStoreUnavailableError`, also if the
        access key is rejected or the bucket does not exist.
        """
        try:
            answer = self._client.get_object(Bucket=bucket, Key=key)
            data = _read(answer, f"s3://{bucket}/{key}", max_bytes, before_body)
            return StoredObject(data, _version(answer))
        except (ClientError, BotoCoreError) as error:
            raise self._explain(error, bucket, key) from error

    def put(self, bucket: str, key: str, data: bytes, content_type: str) -> str:
        """Write an object, replacing one with the same key; return its ``s3://`` URI."""
        try:
            self._client.put_object(Bucket=bucket, Key=key, Body=data, ContentType=content_type)
        except (ClientError, BotoCoreError) as error:
            raise self._explain(error, bucket, key) from error
        return f"s3://{bucket}/{key}"

    def _explain(self, error: ClientError | BotoCoreError, bucket: str, key: str) -> StorageError:
        return explain(error, f"s3://{bucket}/{key}", self._endpoint or "AWS")


def explain(error: ClientError | BotoCoreError, uri: str, store: str) -> StorageError:
    """Translate botocore's ``error`` on ``uri`` into an error of this package."""
    if isinstance(error, ParamValidationError):  # raised before any request
        return ObjectRefusedError(f"{uri} is not a valid object name: {error}")
    if not isinstance(error, ClientError):  # no response, or an incomplete one
        return ObjectStoreUnavailableError(f"the object store {store} did not serve {uri}: {error}")
    code = error.response.get("Error", {}).get("Code", "")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    kind = _kind(code, status)
    return kind(f"the object store {store} {_TEXTS[kind].format(uri=uri)} ({code or status}: {error})")


def _kind(code: str, status: int) -> type[StorageError]:
    if code in _MISSING:
        return ObjectMissingError
    if code == "NoSuchBucket":
        return BucketMissingError
    if code in _DENIED:
        return AccessDeniedError
    final = 400 <= status < 500 and code not in _BUSY | _WRONG_REGION
    return ObjectRefusedError if final else ObjectStoreUnavailableError


def _version(answer: "HeadObjectOutputTypeDef | GetObjectOutputTypeDef") -> ObjectVersion:
    return ObjectVersion(answer["ETag"].strip('"'), answer["ContentLength"], answer["LastModified"])


def _read(
    answer: "GetObjectOutputTypeDef", uri: str, max_bytes: int, before_body: Callable[[int], None]
) -> bytes:
    size = answer["ContentLength"]
    with answer["Body"] as body:
        if size > max_bytes:
            raise ObjectTooLargeError(f"{uri} has {size} bytes; the limit is {max_bytes}")
        before_body(size)
        data: bytes = body.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise ObjectTooLargeError(f"{uri} has more than {max_bytes} bytes, which is the limit")
    if len(data) != size:
        raise ObjectStoreUnavailableError(f"the download of {uri} stopped after {len(data)} of {size} bytes")
    return data
