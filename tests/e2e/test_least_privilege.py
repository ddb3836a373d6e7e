"""The workers of a running stack use keys of their own, which open only what each worker declares."""

from typing import Any

import boto3
import psutil
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from sqlalchemy import make_url

from infra.local.seaweedfs import EVIDENCE_BUCKET, MEDIA_BUCKET
from pipeline.workers import WORKERS
from storage.access import Bucket
from storage.roles import role_name
from tests.e2e.conftest import System

KEY = "least-privilege.txt"


@pytest.mark.parametrize("name", WORKERS)
def test_worker_connects_with_its_own_role(system: System, name: str) -> None:
    owner = make_url(system.settings.database_url.get_secret_value()).username
    user = make_url(environment(system, name)["FAKEME_DATABASE_URL"]).username

    assert user == role_name(name) != owner


@pytest.mark.parametrize("name", WORKERS)
def test_worker_reads_and_writes_only_its_buckets(system: System, name: str) -> None:
    access, s3 = WORKERS[name].access, client(system, name)
    allowed = {
        (MEDIA_BUCKET, "read"): Bucket.MEDIA in access.reads,
        (MEDIA_BUCKET, "write"): Bucket.MEDIA in access.writes,
        (EVIDENCE_BUCKET, "write"): Bucket.EVIDENCE in access.writes,
    }

    assert {case: may(s3, *case) for case in allowed} == allowed


def environment(system: System, name: str) -> dict[str, str]:
    """Return the environment variables with which the worker was started."""
    return psutil.Process(system.pid(name)).environ()


def client(system: System, name: str) -> Any:
    variables = environment(system, name)
    return boto3.client(
        "s3",
        endpoint_url=system.settings.s3_endpoint,
        aws_access_key_id=variables["FAKEME_S3_ACCESS_KEY"],
        aws_secret_access_key=variables["FAKEME_S3_SECRET_KEY"],
        region_name="us-east-1",
        config=Config(s3={"addressing_style": "path"}),
    )


def may(s3: Any, bucket: str, action: str) -> bool:
    """Try the action; an object that does not exist may be read."""
    try:
        if action == "read":
            s3.get_object(Bucket=bucket, Key=KEY)
        else:
            s3.put_object(Bucket=bucket, Key=KEY, Body=b"")
    except ClientError as error:
        return str(error.response["Error"]["Code"]) == "NoSuchKey"
    return True
