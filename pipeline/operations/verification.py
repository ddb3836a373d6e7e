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
from pipeline.consumers.detection.signals.credentials import credentials_signal
from pipeline.consumers.detection.signals.metadata import metadata_signal
from pipeline.consumers.detection.signals.watermark import FindManifest, stored_manifests, watermark_signal
from pipeline.operations.known_media_match import read_known_media
from pipeline.operations.local_files import read_file
from pipeline.settings import LocalSettings, Settings
from schemas.verdicts import MediaVerdict
from storage.database import connect

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
    detector: Detector, pool: DecoderPool, settings: LocalSettings, services: Settings | None
) -> Verifier:
    """Return a verifier; without ``services``, it knows neither known media nor stored manifests.

    Raise :class:`~inference.errors.TrustListError` if the trust list cannot be read.
    """
    signals = (
        credentials_signal(settings.trust_folder, pool),
        metadata_signal(),
        watermark_signal(settings.watermark, _manifests(services)),
    )
    known = read_known_media(services) if services is not None else None
    used = [signal for signal in signals if signal is not None]
    return Verifier(detector, pool, used, known, _LIMITS)


def _manifests(services: Settings | None) -> FindManifest:
    if services is None:
        return lambda _payload: None
    url = services.database_url.get_secret_value()
    return stored_manifests(connect(url, application="fakeme-verify"))


def verify_files(verifier: Verifier, files: Iterable[Path]) -> Iterator[FileVerification]:
    """Yield the answer for each file, in order."""
    for file in files:
        try:
            yield FileVerification(file, verifier.judge(read_file(file, _LIMITS)))
        except Unprocessable as error:
            yield FileVerification(file, problem=error.detail)
        except OSError as error:
            yield FileVerification(file, problem=f"cannot read it: {error.strerror or error}")
