"""Objects in S3 or its likes: read within a limit, written, with errors that say whether to wait."""

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
ATTEMPTS = 2  # a hiccup is repaired at once; a longer absence is for the retry topic, which blocks nobody

_MISSING: Final = frozenset({"404", "NoSuchKey", "NoSuchBucket", "NotFound", "NoSuchVersion"})
_DENIED: Final = frozenset(
    {"401", "403", "AccessDenied", "Forbidden", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken"}
)
_BUSY: Final = frozenset({"429", "SlowDown", "RequestTimeout", "RequestTimeTooSkewed", "TooManyRequests"})


@dataclass(frozen=True)
class ObjectInfo:
    """What is known of an object without reading it; ``content_type`` is what the writer claimed."""

    size: int
    content_type: str
    etag: str


class ObjectStore:
    """A client for one store and one key pair; may be used by several threads at once.

    Without a key pair botocore looks for one where AWS puts it (environment, instance role).
    ``connections`` should not be below the number of threads. It connects when first used.
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
                s3={"addressing_style": "path"},  # stores other than AWS have no DNS name for each bucket
                connect_timeout=CONNECT_TIMEOUT_SECONDS,
                read_timeout=READ_TIMEOUT_SECONDS,
                retries={"total_max_attempts": ATTEMPTS, "mode": "standard"},
                max_pool_connections=connections,
                request_checksum_calculation="when_required",  # newer checksums are not known to every store
                response_checksum_validation="when_required",
            ),
        )

    def stat(self, bucket: str, key: str) -> ObjectInfo:
        """Size and type of an object; raises as :meth:`fetch` does."""
        try:
            head = self._client.head_object(Bucket=bucket, Key=key)
        except (ClientError, BotoCoreError) as error:
            raise self._explain(error, bucket, key) from error
        return ObjectInfo(head["ContentLength"], head.get("ContentType", ""), head["ETag"].strip('"'))

    def fetch(self, bucket: str, key: str, max_bytes: int) -> bytes:
        """The bytes of an object, at most ``max_bytes``.

        Raises :class:`ObjectMissingError`, :class:`ObjectTooLargeError` (by the size that the store
        states, before anything is read) or :class:`ObjectStoreUnavailableError`, also if our key is refused.
        """
        try:
            answer = self._client.get_object(Bucket=bucket, Key=key)
            return _read(answer, f"s3://{bucket}/{key}", max_bytes)
        except (ClientError, BotoCoreError) as error:
            raise self._explain(error, bucket, key) from error

    def put(self, bucket: str, key: str, data: bytes, content_type: str) -> str:
        """Write an object, over an older one with the same key; returns its ``s3://`` URI."""
        try:
            self._client.put_object(Bucket=bucket, Key=key, Body=data, ContentType=content_type)
        except (ClientError, BotoCoreError) as error:
            raise self._explain(error, bucket, key) from error
        return f"s3://{bucket}/{key}"

    def _explain(self, error: ClientError | BotoCoreError, bucket: str, key: str) -> StorageError:
        return explain(error, f"s3://{bucket}/{key}", self._endpoint or "AWS")


def explain(error: ClientError | BotoCoreError, uri: str, store: str) -> StorageError:
    """What botocore's ``error`` on ``uri`` means for us."""
    if isinstance(error, ParamValidationError):  # before any request: no store has such a name
        return ObjectMissingError(f"{uri} cannot be the name of an object: {error}")
    if not isinstance(error, ClientError):  # no answer, or one that broke off
        return ObjectStoreUnavailableError(f"the object store {store} did not serve {uri}: {error}")
    code = error.response.get("Error", {}).get("Code", "")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in _MISSING:
        return ObjectMissingError(f"{uri} is not in the object store {store} ({code})")
    if code in _DENIED:
        return AccessDeniedError(
            f"the object store {store} refuses our key for {uri} ({code}): check the key pair, and "
            "that it may read the object and list its bucket (else S3 also refuses what is merely missing)"
        )
    if code in _BUSY or status >= 500:
        return ObjectStoreUnavailableError(f"the object store {store} is busy or broken ({code}) for {uri}")
    return StorageError(f"the object store {store} refuses the request for {uri}: {error}")


def _read(answer: "GetObjectOutputTypeDef", uri: str, max_bytes: int) -> bytes:
    size = answer["ContentLength"]
    with answer["Body"] as body:
        if size > max_bytes:
            raise ObjectTooLargeError(f"{uri} has {size} bytes; at most {max_bytes} are read")
        data: bytes = body.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise ObjectTooLargeError(f"{uri} has more than the {max_bytes} bytes that are read at most")
    if len(data) != size:
        raise ObjectStoreUnavailableError(f"{uri} broke off after {len(data)} of {size} bytes")
    return data
