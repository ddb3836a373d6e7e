"""Signs local files, and looks for content credentials and traces in them, without any service."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from inference.errors import SigningError, Unprocessable
from inference.media.limits import MediaLimits
from inference.media.sniff import sniff
from inference.provenance.credentials import NO_CREDENTIALS, Credentials
from inference.provenance.description import GeneratedMedia, Ingredient
from inference.provenance.presence import may_have_credentials
from inference.provenance.signing import MediaSigner, SignedMedia, make_signer
from inference.provenance.traces import Trace, find_traces
from inference.provenance.trust_list import list_certificates, trust_anchors
from inference.sandbox import DecoderPool
from pipeline.operations.local_files import read_file
from pipeline.settings import ProvenanceSettings

_LIMITS = MediaLimits()


@dataclass(frozen=True)
class FileProvenance:
    """What is known about the origin of a file; ``problem`` says why nothing is."""

    file: Path
    credentials: Credentials = NO_CREDENTIALS
    traces: tuple[Trace, ...] = ()
    problem: str = ""

    def document(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        return {
            "file": str(self.file),
            "credentials": self.credentials.model_dump(mode="json"),
            "traces": [
                {"name": trace.name, "value": trace.value, "worth": trace.worth.value}
                for trace in self.traces
            ],
            "problem": self.problem,
        }


@dataclass(frozen=True, eq=False)
class SignedFile:
    """A signed picture or video in memory, with its manifest."""

    media_type: str
    signed: SignedMedia


def inspect_files(files: Iterable[Path], trust_folder: Path) -> Iterator[FileProvenance]:
    """Yield the provenance of each file, verified in a confined process.

    Raise :class:`~inference.errors.TrustListError` if the trust list cannot be read.
    """
    anchors = trust_anchors(list_certificates(trust_folder))
    pool = DecoderPool(1)
    try:
        for file in files:
            try:
                yield _inspect(file, pool, anchors)
            except Unprocessable as error:
                yield FileProvenance(file, problem=error.detail)
            except OSError as error:
                yield FileProvenance(file, problem=f"cannot read it: {error.strerror or error}")
    finally:
        pool.close()


def sign_file(source: Path, media: GeneratedMedia, signer: MediaSigner) -> SignedFile:
    """Return a signed copy; raise :class:`~inference.errors.SigningError` if that is impossible."""
    try:
        data = source.read_bytes()
    except OSError as error:
        raise SigningError(f"cannot sign {source}: {error.strerror}") from error
    media_type = sniff(data)
    if media_type is None:
        raise SigningError(f"{source} is not a picture or video that FakeME knows")
    return SignedFile(media_type, signer.sign(data, media_type, media))


def write_file(target: Path, data: bytes) -> None:
    """Write signed media or a manifest; raise :class:`~inference.errors.SigningError`."""
    try:
        target.write_bytes(data)
    except OSError as error:
        raise SigningError(f"cannot write {target}: {error.strerror}; choose another --output") from error


def ingredient(file: Path) -> Ingredient:
    """Return a file as an ingredient; raise :class:`~inference.errors.SigningError` if it cannot be read."""
    try:
        return Ingredient("ingredient", hashlib.sha256(file.read_bytes()).hexdigest())
    except OSError as error:
        raise SigningError(f"cannot read the ingredient {file}: {error.strerror}") from error


def signer_of(settings: ProvenanceSettings) -> MediaSigner:
    """Return the signer of these settings; raise :class:`~inference.errors.SigningError`."""
    if settings.certificate_chain is None:
        raise SigningError(
            "there is no certificate to sign with: set FAKEME_PROVENANCE__CERTIFICATE_CHAIN, or make a"
            " development chain with `fakeme provenance init`"
        )
    return make_signer(
        settings.certificate_chain,
        private_key=settings.private_key,
        key_service=settings.key_service,
        key_service_algorithm=settings.key_service_algorithm,
        timestamp_authority=settings.timestamp_authority,
        generator_version=version("fakeme"),
    )


def _inspect(file: Path, pool: DecoderPool, anchors: str) -> FileProvenance:
    data = read_file(file, _LIMITS)
    found = pool.read_credentials(data, anchors) if may_have_credentials(data) else NO_CREDENTIALS
    return FileProvenance(file, found, find_traces(data))
