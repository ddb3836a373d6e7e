"""From a media's address to its bytes: allowed bucket, size limit, checksum. Decoding is inference's."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass

from inference.errors import Unprocessable
from schemas.posts import Media
from schemas.verdicts import UnprocessableReason
from storage.errors import ObjectMissingError, ObjectTooLargeError
from storage.objects import ObjectStore


@dataclass(frozen=True)
class Fetched:
    """The bytes of a media, and their SHA-256."""

    data: bytes
    sha256: str


class MediaFetcher:
    """Fetches media from the buckets that it may read."""

    def __init__(self, objects: ObjectStore, *, allowed_buckets: Collection[str], max_bytes: int) -> None:
        self._objects = objects
        self._allowed = frozenset(allowed_buckets)
        self._max_bytes = max_bytes

    def fetch(self, media: Media) -> Fetched:
        """The bytes of ``media``.

        Raises :class:`Unprocessable` for what another try would not change, and the store's own errors where
        it is away.
        """
        if media.bucket not in self._allowed:
            allowed = ", ".join(sorted(self._allowed))
            raise Unprocessable(
                UnprocessableReason.BUCKET_NOT_ALLOWED, f"bucket {media.bucket!r}; media may lie in {allowed}"
            )
        data = self._read(media)
        sha256 = hashlib.sha256(data).hexdigest()
        if media.sha256 is not None and media.sha256 != sha256:
            raise Unprocessable(
                UnprocessableReason.SHA256_MISMATCH, f"the bytes have {sha256}, the post says {media.sha256}"
            )
        return Fetched(data, sha256)

    def _read(self, media: Media) -> bytes:
        try:
            return self._objects.fetch(media.bucket, media.key, self._max_bytes)
        except ObjectMissingError as error:
            raise Unprocessable(UnprocessableReason.OBJECT_MISSING, str(error)) from error
        except ObjectTooLargeError as error:
            raise Unprocessable(UnprocessableReason.TOO_LARGE, str(error)) from error
