"""The session's servers answer, and access keys have minimal permissions."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from infra.local.seaweedfs import EVIDENCE_BUCKET, MEDIA_BUCKET
from infra.local.stack import Endpoints
from infra.probes import kafka_topics, postgres_answer
from infra.topics import declare_topics
from schemas.topics import TOPICS


def test_every_topic_exists_with_its_partitions(kafka_bootstrap: str) -> None:
    found = kafka_topics(kafka_bootstrap)
    assert {topic.name: found.get(topic.name) for topic in TOPICS} == {
        topic.name: topic.partitions for topic in TOPICS
    }


def test_declaring_topics_again_creates_nothing(kafka_bootstrap: str) -> None:
    assert declare_topics(kafka_bootstrap) == []


def test_each_module_has_its_own_migrated_database(database_url: str, stack: Endpoints) -> None:
    assert postgres_answer(database_url).startswith("PostgreSQL 1")
    assert database_url != stack.database_url


def test_platform_writes_media_and_fakeme_reads_it(platform_s3: Any, s3: Any) -> None:
    key = f"{uuid4()}.bin"
    platform_s3.put_object(Bucket=MEDIA_BUCKET, Key=key, Body=b"media")
    assert s3.get_object(Bucket=MEDIA_BUCKET, Key=key)["Body"].read() == b"media"


def test_fakeme_writes_and_reads_evidence(s3: Any) -> None:
    key = f"{uuid4()}.bin"
    s3.put_object(Bucket=EVIDENCE_BUCKET, Key=key, Body=b"evidence")
    assert s3.get_object(Bucket=EVIDENCE_BUCKET, Key=key)["Body"].read() == b"evidence"


REFUSED: list[tuple[str, str, str]] = [
    ("fakeme", "put_object", MEDIA_BUCKET),
    ("fakeme", "delete_object", MEDIA_BUCKET),
    ("platform", "put_object", EVIDENCE_BUCKET),
    ("platform", "get_object", EVIDENCE_BUCKET),
    ("platform", "list_objects_v2", EVIDENCE_BUCKET),
    ("stranger", "get_object", MEDIA_BUCKET),
    ("forger", "get_object", MEDIA_BUCKET),
]


@pytest.mark.parametrize(("who", "action", "bucket"), REFUSED)
def test_key_without_permission_is_rejected(
    who: str, action: str, bucket: str, stack: Endpoints, make_s3: Callable[[str, str], Any]
) -> None:
    keys = {
        "fakeme": (stack.s3_access_key, stack.s3_secret_key),
        "platform": (stack.platform_s3_access_key, stack.platform_s3_secret_key),
        "stranger": ("NOBODY", "nothing"),
        "forger": (stack.s3_access_key, "not the secret"),
    }
    arguments = {"put_object": {"Key": "k", "Body": b""}, "list_objects_v2": {}}.get(action, {"Key": "k"})
    with pytest.raises(ClientError) as refused:
        getattr(make_s3(*keys[who]), action)(Bucket=bucket, **arguments)
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
