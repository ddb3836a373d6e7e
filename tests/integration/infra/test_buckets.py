"""The retention of a bucket is one lifecycle rule; those of its owner are kept."""

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from infra.buckets import RETENTION_RULE, BucketsError, create_buckets, keep_for
from infra.local.credentials import S3Key
from infra.local.stack import Endpoints


def test_retention_is_set_changed_and_removed(
    stack: Endpoints, s3_admin: S3Key, make_s3: Callable[[str, str], Any]
) -> None:
    admin = make_s3(s3_admin.access, s3_admin.secret)
    keys = (stack.s3_endpoint, s3_admin.access, s3_admin.secret)
    bucket = f"test-{uuid4()}"
    create_buckets(*keys, [bucket])
    theirs = {"ID": "theirs", "Filter": {"Prefix": "tmp/"}, "Status": "Enabled", "Expiration": {"Days": 1}}
    admin.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [theirs]})
    set_days = partial(keep_for, *keys, bucket)

    found = []
    for days in (90, 90, 120, 0):
        set_days(days)
        found.append(expirations(admin, bucket))

    ours = RETENTION_RULE
    assert found == [
        {"theirs": 1, ours: 90},
        {"theirs": 1, ours: 90},
        {"theirs": 1, ours: 120},
        {"theirs": 1},
    ]


def test_the_last_rule_is_removed_too(
    stack: Endpoints, s3_admin: S3Key, make_s3: Callable[[str, str], Any]
) -> None:
    admin = make_s3(s3_admin.access, s3_admin.secret)
    keys = (stack.s3_endpoint, s3_admin.access, s3_admin.secret)
    bucket = f"test-{uuid4()}"
    create_buckets(*keys, [bucket])

    keep_for(*keys, bucket, 31)
    assert expirations(admin, bucket) == {RETENTION_RULE: 31}
    keep_for(*keys, bucket, 0)
    with pytest.raises(ClientError, match="NoSuchLifecycleConfiguration"):
        expirations(admin, bucket)


def test_a_key_that_may_not_set_it_is_told_so(stack: Endpoints) -> None:
    keys = (stack.s3_endpoint, stack.platform_s3_access_key, stack.platform_s3_secret_key)
    with pytest.raises(BucketsError, match=r"retention of fakeme-evidence cannot be set at .*AccessDenied"):
        keep_for(*keys, "fakeme-evidence", 31)


def expirations(client: Any, bucket: str) -> dict[str, int]:
    rules = client.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    return {rule["ID"]: rule["Expiration"]["Days"] for rule in rules}
