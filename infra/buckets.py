"""Creates the missing buckets on any S3 service."""

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
    """Create the buckets of ``names`` that do not exist. Existing buckets need no create permission.

    :return: the names of the created buckets.
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
    except ClientError as error:  # 404; or 403 if the key may create buckets but not read them
        if error.response["ResponseMetadata"]["HTTPStatusCode"] not in (403, 404):
            raise
    else:
        return False
    try:
        client.create_bucket(Bucket=name)
    except ClientError as error:
        if error.response["Error"]["Code"] in ALREADY_THERE:  # another process just created it
            return False
        raise
    return True
