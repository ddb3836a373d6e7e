"""Creates buckets on any S3 service; those that are there need no key that may create."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from infra.errors import InfraError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ALREADY_THERE = frozenset({"BucketAlreadyExists", "BucketAlreadyOwnedByYou"})


class BucketsError(InfraError):
    """A bucket could not be created."""


def create_buckets(endpoint: str, access_key: str, secret_key: str, names: Iterable[str]) -> list[str]:
    """Create those of ``names`` that the service does not have.

    :return: the names of the buckets that were created by this call.
    """
    client = boto3.client(
        "s3",
        endpoint_url=endpoint,
        aws_access_key_id=access_key,
        aws_secret_access_key=secret_key,
        region_name="us-east-1",
        config=Config(s3={"addressing_style": "path"}),
    )
    try:
        return [name for name in names if _create(client, name)]
    except (ClientError, BotoCoreError) as error:
        raise BucketsError(f"buckets cannot be created at {endpoint}: {error}") from error


def _create(client: "S3Client", name: str) -> bool:
    try:
        client.head_bucket(Bucket=name)
    except ClientError as error:  # 404; or 403, where a key may create but not look
        if error.response["ResponseMetadata"]["HTTPStatusCode"] not in (403, 404):
            raise
    else:
        return False
    try:
        client.create_bucket(Bucket=name)
    except ClientError as error:
        if error.response["Error"]["Code"] in ALREADY_THERE:  # somebody else just did
            return False
        raise
    return True
