"""From a media that is to be exported to its bytes in the folder and its sample; nothing is fetched twice."""

import mimetypes
import re
from pathlib import PurePosixPath

from inference.errors import Unprocessable
from inference.fingerprint import media_fingerprint
from inference.media import MediaLimits, decode
from inference.media.sniff import sniff
from pipeline.consumers.detection.media_fetcher import MediaFetcher
from pipeline.operations.label_export.folder import ExportFolder
from pipeline.operations.label_export.sample import Reason, Sample
from pipeline.operations.label_export.selection import Candidate
from schemas.verdicts import UnprocessableReason

_SUFFIX = re.compile(r"\.[a-z0-9]{1,5}")
_REASONS = {
    UnprocessableReason.OBJECT_MISSING: Reason.GONE,
    UnprocessableReason.SHA256_MISMATCH: Reason.CHANGED,
    UnprocessableReason.BUCKET_NOT_ALLOWED: Reason.REFUSED,
    UnprocessableReason.TOO_LARGE: Reason.REFUSED,
    UnprocessableReason.TOO_MANY_PIXELS: Reason.REFUSED,
    UnprocessableReason.TOO_LONG: Reason.REFUSED,
}


def collect(candidate: Candidate, folder: ExportFolder, fetcher: MediaFetcher, limits: MediaLimits) -> Sample:
    """The sample of ``candidate``, whose bytes are in ``folder`` afterwards.

    The bytes must be those that were judged. Those without an analysis are decoded once, for their PDQ and to
    know that they can be read. Raises :class:`~inference.errors.Unprocessable`, and the store's errors.
    """
    sha256, pdq = candidate.sha256, candidate.pdq
    if sha256 not in folder.media:
        judged = candidate.media.model_copy(update={"sha256": sha256 or None})
        fetched = fetcher.fetch(judged)
        sha256, pdq = fetched.sha256, pdq or _pdq(fetched.data, candidate, limits)
        folder.receive(sha256, _suffix(candidate, fetched.data), fetched.data)
    pdq = pdq or _pdq(folder.media[sha256].read_bytes(), candidate, limits)
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


def why(refusal: Unprocessable) -> Reason:
    """Under which reason a media that cannot be had is counted."""
    return _REASONS.get(refusal.reason, Reason.BROKEN)


def _pdq(data: bytes, candidate: Candidate, limits: MediaLimits) -> str:
    return media_fingerprint(decode(data, candidate.media.media_type, limits).frames).pdq


def _suffix(candidate: Candidate, data: bytes) -> str:
    """The suffix of the platform's own name for it, else one by its content."""
    suffix = PurePosixPath(candidate.media.key).suffix.lower()
    if _SUFFIX.fullmatch(suffix):
        return suffix
    return mimetypes.guess_extension(sniff(data) or candidate.media.media_type) or ""
