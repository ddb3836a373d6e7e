"""Fetches the bytes of a media item and checks bucket, size and checksum. It does not decode them."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass

from inference.errors import Unprocessable
from schemas.posts import Media
from schemas.verdicts import UnprocessableReason
from storage.errors import ObjectMissingError, ObjectTooLargeError
from storage.objects import ObjectStore


@dataclass(frozen=True)
class FetchedMedia:
    """The bytes of a media item, and their SHA-256."""

    data: bytes
    sha256: str


class MediaFetcher:
    """Fetches media items from the allowed buckets."""

    def __init__(self, objects: ObjectStore, *, allowed_buckets: Collection[str], max_bytes: int) -> None:
        self._objects = objects
        self._allowed = frozenset(allowed_buckets)
        self._max_bytes = max_bytes

    def fetch(self, media: Media) -> FetchedMedia:
        """Return the bytes of ``media``.

        Raise :class:`Unprocessable` if a retry would not help, and
        :class:`~storage.errors.UnavailableError` if the object store is unavailable.
        """
        if media.bucket not in self._allowed:
            allowed = ", ".join(sorted(self._allowed))
            raise Unprocessable(
                UnprocessableReason.BUCKET_NOT_ALLOWED,
                f"bucket {media.bucket!r} is not allowed; allowed: {allowed}",
            )
        data = self._read(media)
        sha256 = hashlib.sha256(data).hexdigest()
        if media.sha256 is not None and media.sha256 != sha256:
            raise Unprocessable(
                UnprocessableReason.SHA256_MISMATCH,
                f"the object has SHA-256 {sha256}, but the post gives {media.sha256}",
            )
        return FetchedMedia(data, sha256)

    def _read(self, media: Media) -> bytes:
        try:
            return self._objects.fetch(media.bucket, media.key, self._max_bytes)
        except ObjectMissingError as error:
            raise Unprocessable(UnprocessableReason.OBJECT_MISSING, str(error)) from error
        except ObjectTooLargeError as error:
            raise Unprocessable(UnprocessableReason.TOO_LARGE, str(error)) from error
