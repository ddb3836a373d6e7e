"""What a store says about one object is an answer about it; what it says about everything is an outage."""

from typing import NoReturn, cast

import pytest

from inference.errors import Unprocessable
from pipeline.consumers.detection.media_fetcher import MediaFetcher
from pipeline.consumers.detection.memory_budget import MemoryBudget
from schemas.posts import Media
from schemas.verdicts import UnprocessableReason
from storage.errors import (
    AccessDeniedError,
    BucketMissingError,
    ObjectMissingError,
    ObjectRefusedError,
    ObjectStoreUnavailableError,
    ObjectTooLargeError,
    StorageError,
    is_transient,
)
from storage.objects import ObjectStore

PHOTO = Media(uri="s3://platform-media/a.jpg", media_type="image/jpeg")


class FailingStore:
    """A store that fails in one way."""

    def __init__(self, error: StorageError) -> None:
        self.error = error

    def fetch(self, *_: object) -> NoReturn:
        raise self.error


def fetcher(error: StorageError) -> MediaFetcher:
    store = cast(ObjectStore, FailingStore(error))
    return MediaFetcher(store, allowed_buckets=("platform-media",), max_bytes=100, budget=MemoryBudget(100))


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ObjectMissingError("…"), UnprocessableReason.OBJECT_MISSING),
        (ObjectRefusedError("…"), UnprocessableReason.OBJECT_MISSING),
        (ObjectTooLargeError("…"), UnprocessableReason.TOO_LARGE),
    ],
)
def test_trouble_with_the_object_is_an_answer(error: StorageError, reason: UnprocessableReason) -> None:
    with pytest.raises(Unprocessable) as refused:
        fetcher(error).fetch(PHOTO)

    assert refused.value.reason is reason


@pytest.mark.parametrize(
    "error", [BucketMissingError("…"), AccessDeniedError("…"), ObjectStoreUnavailableError("…")], ids=repr
)
def test_missing_bucket_is_an_outage_like_an_unavailable_store(error: StorageError) -> None:
    with pytest.raises(type(error)) as raised:
        fetcher(error).fetch(PHOTO)

    assert is_transient(raised.value)
