"""Creates buckets on any S3 service; asking twice changes nothing."""

from collections.abc import Iterable

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from infra.errors import InfraError

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
    created = []
    for name in names:
        try:
            client.create_bucket(Bucket=name)
        except ClientError as error:
            if error.response["Error"]["Code"] not in ALREADY_THERE:
                raise BucketsError(f"bucket {name} cannot be created at {endpoint}: {error}") from error
        except BotoCoreError as error:
            raise BucketsError(f"bucket {name} cannot be created at {endpoint}: {error}") from error
        else:
            created.append(name)
    return created
