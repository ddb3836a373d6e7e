"""What the page needs from whoever judges files. :mod:`pipeline.workers` says who that is."""

from collections.abc import Callable
from typing import Protocol

from inference.error_rates import ErrorRates
from pipeline.settings import Settings
from schemas.verdicts import MediaVerdict


class FileVerifier(Protocol):
    """Judges files, one at a time."""

    @property
    def checks(self) -> tuple[str, ...]:
        """The names of the signals that are asked before the model."""
        ...

    @property
    def error_rates(self) -> ErrorRates | None:
        """How often the model errs; None if that was not measured."""
        ...

    @property
    def failed(self) -> bool:
        """Whether only a restart of the process helps."""
        ...

    def verify(self, data: bytes) -> MediaVerdict:
        """Return the verdict on the bytes of a file.

        Raise :class:`~pipeline.errors.TransientError` or :class:`~inference.errors.SandboxUnavailableError`
        if something that it needs is missing for now.
        """
        ...

    def close(self) -> None:
        """Free what it holds; a verification in progress may fail."""
        ...


VerifierFactory = Callable[[Settings, int], FileVerifier]  # settings, and the largest file in bytes
