"""Everything that FakeME can find out about a local file, judged as detection would judge it in a post."""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from inference.card import ModelCard
from inference.detector import Detector
from inference.errors import Unprocessable
from inference.media.decoded import DecodedMedia
from inference.media.limits import MediaLimits
from inference.media.sniff import sniff
from inference.sandbox import DecoderPool
from pipeline.consumers.detection.assembly import media_verdict, refusal_verdict
from pipeline.consumers.detection.known_media import KnownMedia
from pipeline.consumers.detection.signals.combination import combine, decided_verdict, decisive
from pipeline.consumers.detection.signals.credentials import credentials_signal
from pipeline.consumers.detection.signals.examination import examine
from pipeline.consumers.detection.signals.metadata import metadata_signal
from pipeline.consumers.detection.signals.signal import ExaminedMedia, Signal
from pipeline.operations.local_files import read_file
from schemas.posts import Media
from schemas.verdicts import MediaVerdict

_LIMITS = MediaLimits()
_UNKNOWN_TYPE = "image/unknown"  # of a file that no format recognises; decoding refuses it


@dataclass(frozen=True)
class FileVerification:
    """The verdict on a file; None if it cannot be read, and ``problem`` says why."""

    file: Path
    verdict: MediaVerdict | None = None
    problem: str = ""

    def document(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        verdict = self.verdict and self.verdict.model_dump(mode="json", exclude={"uri", "evidence", "reused"})
        return {"file": str(self.file), "verdict": verdict, "problem": self.problem}


class Verifier:
    """Verifies files with the signals and the model of detection; without known media if they are None."""

    def __init__(
        self, detector: Detector, pool: DecoderPool, trust_folder: Path, known: KnownMedia | None
    ) -> None:
        """Raise :class:`~inference.errors.TrustListError` if the trust list cannot be read."""
        self._detector = detector
        self._pool = pool
        self._known = known
        self._signals: Sequence[Signal] = (credentials_signal(trust_folder, pool), metadata_signal())

    def verify(self, files: Iterable[Path]) -> Iterator[FileVerification]:
        """Yield the answer for each file, in order."""
        for file in files:
            try:
                yield FileVerification(file, self.judge(read_file(file, _LIMITS)))
            except Unprocessable as error:
                yield FileVerification(file, problem=error.detail)
            except OSError as error:
                yield FileVerification(file, problem=f"cannot read it: {error.strerror or error}")

    def judge(self, data: bytes) -> MediaVerdict:
        """Return the verdict on the bytes of a file."""
        digest = sha256(data).hexdigest()
        media = Media(uri=f"s3://local/{digest}", media_type=sniff(data) or _UNKNOWN_TYPE)
        settled = self._known.settled(digest) if self._known is not None else None
        if settled is not None:
            return decided_verdict(media.uri, digest, [settled])
        verdict, pdqs = self._examine(ExaminedMedia(media, data, digest, partial(self._decode, data)))
        found = self._known.find(digest, pdqs, time.monotonic()) if self._known is not None else None
        return verdict if found is None else combine(verdict, (found, *verdict.signals))

    def _examine(self, examined: ExaminedMedia) -> tuple[MediaVerdict, tuple[str, ...]]:
        """Return the verdict of the signals and the model, and the hashes of the frames."""
        media = examined.media
        findings = examine(examined, self._signals)
        if decisive(findings) is not None:
            return decided_verdict(media.uri, examined.sha256, findings), ()
        try:
            (analysis,) = self._detector.analyse([examined.decoded])
        except Unprocessable as refusal:
            return combine(refusal_verdict(media, refusal, examined.sha256), findings), ()
        return combine(media_verdict(media, analysis), findings), analysis.comparable_pdqs

    def _decode(self, data: bytes) -> DecodedMedia:
        return self._pool.decode(data, None, _LIMITS)


def error_rates(card: ModelCard) -> str:
    """Return in words how often the model errs, from the measurements on its card; empty if it has none."""
    found = card.metrics.get("tpr at suspect: unseen")
    false = [rate for name, rate in card.metrics.items() if name.startswith("fpr at suspect: ")]
    if found is None or not false:
        return ""
    return (
        f"{card.reference} suspects {found:.0%} of forgeries of kinds that it was not trained on, and by"
        f" mistake {min(false):.0%} to {max(false):.0%} of real faces, depending on the group of people"
    )
