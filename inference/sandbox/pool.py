"""Decodes and verifies media items in confined processes: the interface for the rest of the system."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from queue import LifoQueue

from inference.errors import SandboxUnavailableError, Unprocessable
from inference.media.decoded import DecodedMedia
from inference.media.limits import MediaLimits
from inference.provenance.credentials import Credentials
from inference.sandbox.attempts import MAX_ATTEMPTS, Attempt, Outcome, refusal
from inference.sandbox.decoder import DecodedFile, Decoder, Result
from inference.sandbox.fork_server_process import ForkServerProcess
from inference.sandbox.messages import CredentialsJob, DecodeJob, Job, Spawn
from inference.sandbox.process_limits import ProcessLimits

# A file that takes over a process could change what later files look like: not for long. A new process takes
# about 30 ms.
FILES_PER_PROCESS = 50

_DEFAULT_MEDIA_LIMITS = MediaLimits()
_DEFAULT_PROCESS_LIMITS = ProcessLimits()


class DecoderPool:
    """At most ``processes`` decoding processes at a time. Safe to call from several threads."""

    def __init__(
        self,
        processes: int,
        limits: ProcessLimits = _DEFAULT_PROCESS_LIMITS,
        observe: Callable[[Attempt], None] = lambda _: None,
    ) -> None:
        """``observe`` is called after each attempt, for metrics."""
        self._limits = limits
        self._observe = observe
        self._server = ForkServerProcess()
        self._slots: LifoQueue[Decoder | None] = LifoQueue()  # None: a process that may be started
        for _ in range(processes):
            self._slots.put(None)

    @property
    def fork_server_pid(self) -> int | None:
        """The process id of the fork server, the parent of all decoding processes."""
        return self._server.pid

    def decode(
        self, data: bytes, declared_type: str | None = None, limits: MediaLimits = _DEFAULT_MEDIA_LIMITS
    ) -> DecodedMedia:
        """Decode as :func:`inference.media.decode.decode` does, and raise the same refusals.

        A file on which a process crashes or takes too long is tried once more, then it is refused as
        ``undecodable``. Raise :class:`~inference.errors.SandboxUnavailableError` if no process can start.
        """
        limits.check_bytes(len(data))
        job = partial(DecodeJob, declared_type=declared_type, limits=limits)
        result = self._answer(job, [data])
        assert isinstance(result, DecodedFile)  # the decoder checks that the answer fits the job
        return _media(result, hashlib.sha256(data).hexdigest())

    def read_credentials(self, data: bytes, trust_anchors: str) -> Credentials:
        """Verify content credentials as :func:`inference.provenance.reading.read_credentials` does.

        Raise :class:`~inference.errors.Unprocessable` for a file on which the verification crashes or takes
        too long, twice, and what :meth:`decode` raises if no process can start.
        """
        result = self._answer(CredentialsJob, [data, trust_anchors.encode("ascii")])
        assert isinstance(result, Credentials)  # as above
        return result

    def close(self) -> None:
        """End all processes; decoding in progress fails."""
        self._server.close()

    def _answer(self, job: Callable[..., Job], files: Sequence[bytes]) -> DecodedFile | Credentials:
        """Return the answer to a job; ``job`` makes it, given the CPU time of an attempt."""
        attempts: list[Attempt] = []
        for number in range(1, MAX_ATTEMPTS + 1):
            attempt, result = self._try(job, files, number)
            self._observe(attempt)
            attempts.append(attempt)
            if isinstance(result, Unprocessable):
                raise result
            if result is not None:
                return result
        if all(attempt.outcome is Outcome.LOST for attempt in attempts):
            raise SandboxUnavailableError(
                f"no process can be started for decoding ({attempts[-1].detail}); see its error above"
            )
        raise refusal(attempts)

    def _try(self, job: Callable[..., Job], files: Sequence[bytes], number: int) -> tuple[Attempt, Result]:
        size = sum(map(len, files))
        try:
            with self._decoder() as decoder:
                return decoder.run(
                    job(cpu_seconds=self._limits.cpu_allowance(size, number)),
                    files,
                    self._limits.wall_allowance(size, number),
                )
        except OSError as error:  # the fork server ended between our check and our message
            return Attempt(Outcome.LOST, detail=str(error)), None

    @contextmanager
    def _decoder(self) -> Iterator[Decoder]:
        """Lend a process, and keep it for the next file if it is still good."""
        decoder = self._slots.get()
        keep: Decoder | None = None
        if decoder is not None and not self._server.is_running(decoder.parent):
            decoder.close()  # it ended with the fork server
            decoder = None
        try:
            if decoder is None:
                decoder = Decoder(self._server, self._spawn_message())
            yield decoder
            keep = decoder if decoder.reusable and decoder.files < FILES_PER_PROCESS else None
        finally:
            if decoder is not None and keep is None:
                decoder.close()
            self._slots.put(keep)

    def _spawn_message(self) -> Spawn:
        return Spawn(memory_bytes=self._limits.memory_bytes, output_bytes=self._limits.output_bytes)


def _media(result: DecodedFile, sha256: str) -> DecodedMedia:
    """Return the media item. The hash is ours: a wrong one would spoil the analysis of another file."""
    header = result.header
    return DecodedMedia(
        kind=header.kind,
        media_type=header.media_type,
        width=header.width,
        height=header.height,
        frames=result.frames,
        sha256=sha256,
        seconds=header.seconds,
        decoded_share=header.decoded_share,
        fault=header.fault,
    )
