"""Verifies local files."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inference.detector import Detector
from inference.errors import Unprocessable
from inference.media.limits import MediaLimits
from inference.sandbox import DecoderPool
from pipeline.consumers.detection.file_verification import Verifier
from pipeline.consumers.detection.known_media import KnownMedia
from pipeline.consumers.detection.signals.credentials import credentials_signal
from pipeline.consumers.detection.signals.metadata import metadata_signal
from pipeline.operations.local_files import read_file
from schemas.verdicts import MediaVerdict

_LIMITS = MediaLimits()


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


def make_verifier(
    detector: Detector, pool: DecoderPool, trust_folder: Path, known: KnownMedia | None
) -> Verifier:
    """Return a verifier with the signals that need no service.

    Raise :class:`~inference.errors.TrustListError` if the trust list cannot be read.
    """
    signals = (credentials_signal(trust_folder, pool), metadata_signal())
    return Verifier(detector, pool, signals, known, _LIMITS)


def verify_files(verifier: Verifier, files: Iterable[Path]) -> Iterator[FileVerification]:
    """Yield the answer for each file, in order."""
    for file in files:
        try:
            yield FileVerification(file, verifier.judge(read_file(file, _LIMITS)))
        except Unprocessable as error:
            yield FileVerification(file, problem=error.detail)
        except OSError as error:
            yield FileVerification(file, problem=f"cannot read it: {error.strerror or error}")
