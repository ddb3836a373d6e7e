"""Creates the missing buckets on any S3 service, and sets how long they keep objects."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from infra.errors import InfraError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import LifecycleRuleOutputTypeDef

ALREADY_THERE = frozenset({"BucketAlreadyExists", "BucketAlreadyOwnedByYou"})


RETENTION_RULE = "fakeme-retention"  # of a bucket's lifecycle; other rules are left alone


class BucketsError(InfraError):
    """A bucket could not be created or changed."""


def create_buckets(endpoint: str, access_key: str, secret_key: str, names: Iterable[str]) -> list[str]:
    """Create the buckets of ``names`` that do not exist. Existing buckets need no create permission.

    :return: the names of the created buckets.
    """
    client = _client(endpoint, access_key, secret_key)
    try:
        return [name for name in names if _create(client, name)]
    except (ClientError, BotoCoreError) as error:
        raise BucketsError(f"buckets cannot be created at {endpoint}: {error}") from error


def keep_for(endpoint: str, access_key: str, secret_key: str, bucket: str, days: int) -> None:
    """Let the store delete objects of ``bucket`` after ``days``; 0 keeps them for ever.

    Sets one lifecycle rule and leaves the others of the bucket as they are.
    """
    client = _client(endpoint, access_key, secret_key)
    try:
        before = _lifecycle(client, bucket)
        others = [rule for rule in before if rule.get("ID") != RETENTION_RULE]
        rules = [*others, *([_expiration(days)] if days else [])]
        if rules == before:
            return
        if rules:
            client.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": rules})
        else:
            client.delete_bucket_lifecycle(Bucket=bucket)
    except (ClientError, BotoCoreError) as error:
        raise BucketsError(f"the retention of {bucket} cannot be set at {endpoint}: {error}") from error


def _client(endpoint: str, access_key: str, secret_key: str) -> "S3Client":
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        aws_access_key_id=access_key,
        aws_secret_access_key=secret_key,
        region_name="us-east-1",
        config=Config(s3={"addressing_style": "path"}),
    )


def _lifecycle(client: "S3Client", bucket: str) -> list["LifecycleRuleOutputTypeDef"]:
    try:
        return client.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchLifecycleConfiguration":
            return []
        raise


def _expiration(days: int) -> "LifecycleRuleOutputTypeDef":
    return {
        "ID": RETENTION_RULE,
        "Filter": {"Prefix": ""},
        "Status": "Enabled",
        "Expiration": {"Days": days},
    }


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
