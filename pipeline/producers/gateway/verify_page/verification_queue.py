"""Judges uploads one at a time, in a thread that first loads the model. Few may wait, and not for long."""

import asyncio
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import structlog

from inference.errors import SandboxUnavailableError
from pipeline.producers.gateway.verify_page.refusal import Refusal, RefusalKind
from pipeline.producers.gateway.verify_page.verifier import FileVerifier
from pipeline.runtime.faults import Fault, fault_of
from schemas.verdicts import MediaVerdict

PLACES = 6  # uploads that arrive, wait or are judged; each holds its file in memory
SECONDS = 60.0  # for the wait and the judgement together; proxies commonly give up after 60
LOADING_SECONDS = 10  # what loading the model takes on a slow machine
BUSY_SECONDS = 15  # a video takes about as long
UNAVAILABLE_SECONDS = 60

log = structlog.get_logger(__name__)


class VerificationQueue:
    """Used only in the event loop's thread, after :meth:`start`."""

    def __init__(
        self, load: Callable[[], FileVerifier], *, places: int = PLACES, seconds: float = SECONDS
    ) -> None:
        """``load`` returns the verifier; it runs in the queue's thread."""
        self._load = load
        self._free = places
        self._seconds = seconds
        self._executor = ThreadPoolExecutor(1, "verify")
        self._verifier: FileVerifier | None = None
        self._broken = False  # the model cannot be loaded
        self._lost = False  # the accelerator does not work any more in this process

    def start(self) -> None:
        """Start to load the model."""
        self._executor.submit(self._load_verifier)

    @property
    def failed(self) -> bool:
        """Whether only a restart of the process helps."""
        return self._lost or (self._verifier is not None and self._verifier.failed)

    @property
    def verifier(self) -> FileVerifier:
        """The loaded verifier; raise :class:`Refusal` as long as there is none."""
        if self._broken:
            raise Refusal(RefusalKind.UNAVAILABLE, UNAVAILABLE_SECONDS)
        if self._verifier is None:
            raise Refusal(RefusalKind.LOADING, LOADING_SECONDS)
        return self._verifier

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold one of the places during an upload and its judgement; raise :class:`Refusal` without one."""
        if not self._free:
            raise Refusal(RefusalKind.BUSY, BUSY_SECONDS)
        self._free -= 1
        try:
            yield
        finally:
            self._free += 1

    async def verify(self, data: bytes) -> MediaVerdict:
        """Return the verdict on a file once it is its turn; raise :class:`Refusal`.

        A judgement that takes too long ends at the limits of its decoding process; the next one waits for it.
        """
        future = self._executor.submit(self.verifier.verify, data)
        try:
            return await asyncio.wait_for(asyncio.wrap_future(future), self._seconds)
        except TimeoutError as error:
            raise Refusal(RefusalKind.TOO_SLOW, BUSY_SECONDS) from error
        except Exception as error:  # noqa: BLE001 - what is known of it decides, and it is logged
            raise self._refusal_of(error) from None

    def _refusal_of(self, error: Exception) -> Refusal:
        """Log an error without its message, which may quote the file, and return the refusal for it."""
        fault = fault_of(error)
        if fault is Fault.OUTAGE or isinstance(error, SandboxUnavailableError):
            log.warning("verify_page.waiting", error=type(error).__name__)
            return Refusal(RefusalKind.UNAVAILABLE, UNAVAILABLE_SECONDS)
        self._lost = self._lost or fault is Fault.PROCESS
        place = "".join(traceback.format_tb(error.__traceback__))
        log.error("verify_page.failed", error=type(error).__name__, place=place)
        return Refusal(RefusalKind.FAILED)

    def close(self) -> None:
        """End what is in progress, and free the model."""
        loaded = self._verifier
        if loaded is not None:
            loaded.close()  # first: it ends the decoding that the thread may wait for
        self._executor.shutdown(cancel_futures=True)
        if loaded is None and self._verifier is not None:
            self._verifier.close()  # it was being loaded

    def _load_verifier(self) -> None:
        try:
            self._verifier = self._load()
        except Exception:
            self._broken = True
            log.exception("verify_page.not_loaded")
        else:
            log.info("verify_page.loaded", checks=self._verifier.checks)
