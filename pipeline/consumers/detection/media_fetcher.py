"""Fetches the bytes of a media item and checks bucket, size and checksum. It does not decode them.

Whatever is wrong with one media item is an answer about it. Only a store that serves nobody is an error.
"""

import hashlib
from collections.abc import Callable, Collection
from dataclasses import dataclass

from inference.errors import Unprocessable
from pipeline.consumers.detection.memory_budget import MemoryBudget, Reservation
from schemas.posts import Media
from schemas.verdicts import UnprocessableReason
from storage.errors import ObjectMissingError, ObjectRefusedError, ObjectTooLargeError
from storage.objects import ObjectStore, ObjectVersion, StoredObject


@dataclass(frozen=True)
class FetchedMedia:
    """The bytes of a media item, their SHA-256, the object's version with these bytes, and their memory.

    Whoever fetched them releases ``memory`` when the bytes are not needed any more.
    """

    data: bytes
    sha256: str
    version: ObjectVersion
    memory: Reservation


class MediaFetcher:
    """Fetches media items from the allowed buckets."""

    def __init__(
        self,
        objects: ObjectStore,
        *,
        allowed_buckets: Collection[str],
        max_bytes: int,
        budget: MemoryBudget,
    ) -> None:
        """``budget`` is for the bytes of objects that were fetched and not decoded yet."""
        self._objects = objects
        self._budget = budget
        self._allowed = frozenset(allowed_buckets)
        self._max_bytes = max_bytes

    def fetch(self, media: Media) -> FetchedMedia:
        """Return the bytes of ``media``, once there is memory for them.

        Raise :class:`Unprocessable` if a retry would not help, and
        :class:`~storage.errors.UnavailableError` if the object store is unavailable.
        """
        self._require_allowed(media)
        reservations: list[Reservation] = []
        try:
            stored = self._read(media, lambda size: reservations.append(self._budget.reserve(size)))
            sha256 = hashlib.sha256(stored.data).hexdigest()
            require_checksum(media, sha256)
        except BaseException:
            for reservation in reservations:
                reservation.release()
            raise
        return FetchedMedia(stored.data, sha256, stored.version, reservations[0])

    def is_unchanged(self, media: Media, version: ObjectVersion) -> bool:
        """Return whether the object still has this version. It is not read; raises what :meth:`fetch` does.

        An object that cannot be described counts as changed: reading it says why.
        """
        self._require_allowed(media)
        try:
            current = self._objects.stat(media.bucket, media.key)
        except (ObjectMissingError, ObjectRefusedError):
            return False
        return current == version and current.size <= self._max_bytes

    def _require_allowed(self, media: Media) -> None:
        if media.bucket not in self._allowed:
            allowed = ", ".join(sorted(self._allowed))
            raise Unprocessable(
                UnprocessableReason.BUCKET_NOT_ALLOWED,
                f"bucket {media.bucket!r} is not allowed; allowed: {allowed}",
            )

    def _read(self, media: Media, before_body: Callable[[int], None]) -> StoredObject:
        try:
            return self._objects.fetch(media.bucket, media.key, self._max_bytes, before_body)
        except (ObjectMissingError, ObjectRefusedError) as error:
            raise Unprocessable(UnprocessableReason.OBJECT_MISSING, str(error)) from error
        except ObjectTooLargeError as error:
            raise Unprocessable(UnprocessableReason.TOO_LARGE, str(error)) from error


def require_checksum(media: Media, sha256: str) -> None:
    """Raise :class:`Unprocessable` if the post gives another SHA-256 for ``media``."""
    if media.sha256 is not None and media.sha256 != sha256:
        raise Unprocessable(
            UnprocessableReason.SHA256_MISMATCH,
            f"the object has SHA-256 {sha256}, but the post gives {media.sha256}",
        )
