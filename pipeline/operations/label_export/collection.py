"""Fetches the bytes of selected media items, unless the folder has them, and builds their samples."""

import mimetypes
import re
from collections.abc import Callable
from pathlib import PurePosixPath

from inference.errors import Unprocessable
from inference.fingerprint import frame_fingerprints, representative
from inference.media import DecodedMedia
from inference.media.sniff import sniff
from pipeline.consumers.detection.media_fetcher import MediaFetcher
from pipeline.operations.label_export.folder import ExportFolder
from pipeline.operations.label_export.sample import Reason, Sample
from pipeline.operations.label_export.selection import Candidate
from schemas.verdicts import UnprocessableReason

Decode = Callable[[bytes, str], DecodedMedia]

_SUFFIX = re.compile(r"\.[a-z0-9]{1,5}")
_REASONS = {
    UnprocessableReason.OBJECT_MISSING: Reason.GONE,
    UnprocessableReason.SHA256_MISMATCH: Reason.CHANGED,
    UnprocessableReason.BUCKET_NOT_ALLOWED: Reason.REFUSED,
    UnprocessableReason.TOO_LARGE: Reason.REFUSED,
    UnprocessableReason.TOO_MANY_PIXELS: Reason.REFUSED,
    UnprocessableReason.TOO_LONG: Reason.REFUSED,
}


def collect(candidate: Candidate, folder: ExportFolder, fetcher: MediaFetcher, decode: Decode) -> Sample:
    """Store the bytes of ``candidate`` in ``folder`` and return its sample.

    ``decode`` takes bytes and their declared type, and decodes them in a confined process. The bytes must be
    those that the verdict is about. A media item without a PDQ is decoded to compute it, which also checks
    that it is readable. Raises :class:`~inference.errors.Unprocessable` and the errors of the object store.
    """
    sha256, pdq = candidate.sha256, candidate.pdq
    if sha256 not in folder.media:
        expected = candidate.media.model_copy(update={"sha256": sha256 or None})
        fetched = fetcher.fetch(expected)
        fetched.memory.release()  # one media item at a time
        sha256, pdq = fetched.sha256, pdq or _pdq(fetched.data, candidate, decode)
        folder.store(sha256, _suffix(candidate, fetched.data), fetched.data)
    pdq = pdq or _pdq(folder.media[sha256].read_bytes(), candidate, decode)
    return Sample(
        sha256=sha256,
        truth=candidate.truth,
        suffix=folder.media[sha256].suffix,
        case=candidate.case,
        media=candidate.number,
        decided_at=candidate.decided_at,
        decisions=candidate.decisions,
        model=candidate.model,
        score=candidate.score,
        pdq=pdq,
        accounts=frozenset({folder.account(candidate.author_id)} if candidate.author_id else ()),
    )


def reason_for(error: Unprocessable) -> Reason:
    """Return the reason under which an unavailable media item is counted."""
    return _REASONS.get(error.reason, Reason.BROKEN)


def _pdq(data: bytes, candidate: Candidate, decode: Decode) -> str:
    frames = decode(data, candidate.media.media_type).frames
    return representative(frame_fingerprints(frames)).pdq


def _suffix(candidate: Candidate, data: bytes) -> str:
    """Return the suffix of the platform's object key, else one derived from the content."""
    suffix = PurePosixPath(candidate.media.key).suffix.lower()
    if _SUFFIX.fullmatch(suffix):
        return suffix
    return mimetypes.guess_extension(sniff(data) or candidate.media.media_type) or ""
