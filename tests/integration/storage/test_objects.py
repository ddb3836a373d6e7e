"""Objects in the real store, with FakeME's key and with wrong keys."""

from typing import Any
from uuid import uuid4

import pytest

from infra.local.stack import Endpoints
from storage.errors import (
    AccessDeniedError,
    ObjectMissingError,
    ObjectStoreUnavailableError,
    ObjectTooLargeError,
)
from storage.objects import ObjectStore

MEDIA = "platform-media"
EVIDENCE = "fakeme-evidence"


@pytest.fixture
def store(stack: Endpoints) -> ObjectStore:
    return ObjectStore(stack.s3_endpoint, "us-east-1", stack.s3_access_key, stack.s3_secret_key)


@pytest.fixture
def key(platform_s3: Any) -> str:
    """An object of 1,000 bytes that the platform uploaded."""
    key = f"{uuid4()}/사진 1.jpg"  # people name files in their language, with spaces
    platform_s3.put_object(Bucket=MEDIA, Key=key, Body=bytes(1000), ContentType="image/jpeg")
    return key


def test_object_is_described_and_read_up_to_the_limit(store: ObjectStore, key: str) -> None:
    stored = store.fetch(MEDIA, key, 1000)
    assert (stored.data, stored.version.size) == (bytes(1000), 1000)
    assert store.stat(MEDIA, key) == stored.version
    with pytest.raises(ObjectTooLargeError, match="has 1000 bytes; the limit is 999"):
        store.fetch(MEDIA, key, 999)


def test_written_object_can_be_read_and_overwritten(store: ObjectStore) -> None:
    key = f"{uuid4()}/face.png"
    assert store.put(EVIDENCE, key, b"first", "image/png") == f"s3://{EVIDENCE}/{key}"
    store.put(EVIDENCE, key, b"second", "image/png")
    assert store.fetch(EVIDENCE, key, 100).data == b"second"


def test_empty_object_is_not_missing(store: ObjectStore) -> None:
    key = f"{uuid4()}/empty"
    store.put(EVIDENCE, key, b"", "image/png")
    assert store.fetch(EVIDENCE, key, 100).data == b""


@pytest.mark.parametrize("name", ["no-such-key", "a..b", "x" * 1024])
def test_absent_object_is_missing(store: ObjectStore, name: str) -> None:
    with pytest.raises(ObjectMissingError, match="platform-media"):
        store.fetch(MEDIA, name, 100)
    with pytest.raises(ObjectMissingError, match="platform-media"):
        store.stat(MEDIA, name)


def test_unknown_access_key_is_distinguished_from_a_missing_object(stack: Endpoints, key: str) -> None:
    stranger = ObjectStore(stack.s3_endpoint, "us-east-1", "nobody", "wrong")
    with pytest.raises(AccessDeniedError, match="check the key pair"):
        stranger.fetch(MEDIA, key, 1000)


def test_media_bucket_is_not_writable(store: ObjectStore) -> None:
    with pytest.raises(AccessDeniedError):
        store.put(MEDIA, f"{uuid4()}", b"ours", "image/png")


def test_unreachable_store_is_unavailable() -> None:
    unreachable = ObjectStore("http://127.0.0.1:1", "us-east-1", "key", "secret")
    with pytest.raises(ObjectStoreUnavailableError, match=r"127\.0\.0\.1:1"):
        unreachable.fetch(MEDIA, "cat.jpg", 100)
