"""Reads and writes objects in S3-compatible storage, with size limits and typed errors."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from storage.errors import (
    AccessDeniedError,
    ObjectMissingError,
    ObjectStoreUnavailableError,
    ObjectTooLargeError,
    StorageError,
)

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import GetObjectOutputTypeDef

CONNECT_TIMEOUT_SECONDS = 3  # a store in the same network answers in milliseconds
READ_TIMEOUT_SECONDS = 30  # between two reads, not for the whole object
ATTEMPTS = 2  # covers a short glitch; longer outages go to the retry topic, which blocks no other event

_MISSING: Final = frozenset({"404", "NoSuchKey", "NoSuchBucket", "NotFound", "NoSuchVersion"})
_DENIED: Final = frozenset(
    {"401", "403", "AccessDenied", "Forbidden", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken"}
)
_BUSY: Final = frozenset({"429", "SlowDown", "RequestTimeout", "RequestTimeTooSkewed", "TooManyRequests"})


@dataclass(frozen=True)
class ObjectInfo:
    """Metadata of an object; ``content_type`` is as declared by the writer."""

    size: int
    content_type: str
    etag: str


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

    def stat(self, bucket: str, key: str) -> ObjectInfo:
        """Return the metadata of an object; raise the same errors as :meth:`fetch`."""
        try:
            head = self._client.head_object(Bucket=bucket, Key=key)
        except (ClientError, BotoCoreError) as error:
            raise self._explain(error, bucket, key) from error
        return ObjectInfo(head["ContentLength"], head.get("ContentType", ""), head["ETag"].strip('"'))

    def fetch(self, bucket: str, key: str, max_bytes: int) -> bytes:
        """Return the bytes of an object of at most ``max_bytes``.

        Raise :class:`ObjectMissingError`; :class:`ObjectTooLargeError`, by the size that the store reports,
        before the body is read; or :class:`ObjectStoreUnavailableError`, also if the access key is rejected.
        """
        try:
            answer = self._client.get_object(Bucket=bucket, Key=key)
            return _read(answer, f"s3://{bucket}/{key}", max_bytes)
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
        return ObjectMissingError(f"{uri} is not a valid object name: {error}")
    if not isinstance(error, ClientError):  # no response, or an incomplete one
        return ObjectStoreUnavailableError(f"the object store {store} did not serve {uri}: {error}")
    code = error.response.get("Error", {}).get("Code", "")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in _MISSING:
        return ObjectMissingError(f"{uri} is not in the object store {store} ({code})")
    if code in _DENIED:
        return AccessDeniedError(
            f"the object store {store} rejects the access key for {uri} ({code}): check the key pair, and "
            "that it may read the object and list the bucket (without the list permission, S3 also answers "
            "403 for missing objects)"
        )
    if code in _BUSY or status >= 500:
        return ObjectStoreUnavailableError(
            f"the object store {store} is overloaded or failing ({code}) for {uri}"
        )
    return StorageError(f"the object store {store} rejects the request for {uri}: {error}")


def _read(answer: "GetObjectOutputTypeDef", uri: str, max_bytes: int) -> bytes:
    size = answer["ContentLength"]
    with answer["Body"] as body:
        if size > max_bytes:
            raise ObjectTooLargeError(f"{uri} has {size} bytes; the limit is {max_bytes}")
        data: bytes = body.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise ObjectTooLargeError(f"{uri} has more than {max_bytes} bytes, which is the limit")
    if len(data) != size:
        raise ObjectStoreUnavailableError(f"the download of {uri} stopped after {len(data)} of {size} bytes")
    return data
