"""The pool's side of one decoding process: sends it files and collects its answers."""

import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from inference.errors import Unprocessable
from inference.media.decoded import Frame
from inference.provenance.credentials import Credentials
from inference.sandbox.attempts import Attempt, Outcome, outcome_of_end
from inference.sandbox.fork_server_process import ForkServerProcess
from inference.sandbox.frame_file import anonymous_file, read_frames
from inference.sandbox.messages import (
    MAX_MESSAGE_BYTES,
    SOCKET_KIND,
    CredentialsJob,
    Decoded,
    Ended,
    Job,
    Refused,
    Spawn,
    Verified,
    parse_answer,
)

_REPORT_SECONDS = 5.0  # for the fork server to report the end of a process


@dataclass(frozen=True, eq=False)
class DecodedFile:
    """The answer of a decoding process, and the frames that it left in shared memory."""

    header: Decoded
    frames: tuple[Frame, ...]


Result = DecodedFile | Credentials | Unprocessable | None  # None: the process gave no valid answer
_DONE = frozenset({Outcome.DECODED, Outcome.VERIFIED})


class Decoder:
    """One decoding process. Use it from one thread at a time."""

    def __init__(self, server: ForkServerProcess, spawn: Spawn) -> None:
        """Raise ``OSError`` if the fork server ended at this very moment."""
        self._jobs, jobs = socket.socketpair(socket.AF_UNIX, SOCKET_KIND)
        self._status, status = socket.socketpair(socket.AF_UNIX, SOCKET_KIND)
        self.files = 0  # that it was sent
        self._cpu_seconds = 0.0  # that it took for them
        self.reusable = True  # until a file was not decoded: what such a file does to a process is unknown
        with jobs, status:
            self.parent = server.spawn(spawn, jobs=jobs.fileno(), status=status.fileno())

    def close(self) -> None:
        """Let the process end; the fork server kills it if it is busy."""
        self._jobs.close()
        self._status.close()

    def run(self, job: Job, files: Sequence[bytes], wall_seconds: float) -> tuple[Attempt, Result]:
        """Do one job with its files, within ``wall_seconds``."""
        self.files += 1
        attempt, result = self._attempt(job, files, wall_seconds)
        self.reusable = attempt.outcome in _DONE
        self._cpu_seconds += attempt.cpu_seconds
        return attempt, result

    def _attempt(self, job: Job, files: Sequence[bytes], wall_seconds: float) -> tuple[Attempt, Result]:
        self._jobs.settimeout(wall_seconds)
        try:
            self._send(job, files)
            raw, descriptors, _, _ = socket.recv_fds(self._jobs, MAX_MESSAGE_BYTES, 1)
        except TimeoutError:
            return Attempt(Outcome.OUT_OF_WALL_TIME, detail=f"{wall_seconds:.0f} s"), None
        except OSError:  # the process ended before or while it read the file
            raw, descriptors = b"", []
        if not raw:
            return self._attempt_of_end(), None
        try:
            return _read(job, raw, descriptors)
        except ValueError as error:  # pydantic's ValidationError is one
            return Attempt(Outcome.CRASHED, detail=f"invalid answer: {_summary(error)}"), None
        finally:
            for descriptor in descriptors:
                os.close(descriptor)

    def _send(self, job: Job, files: Sequence[bytes]) -> None:
        descriptors = [anonymous_file(data) for data in files]
        try:
            socket.send_fds(self._jobs, [job.to_bytes()], descriptors)
        finally:
            for descriptor in descriptors:
                os.close(descriptor)

    def _attempt_of_end(self) -> Attempt:
        """Ask the fork server how the process ended. Without a response, the fork server ended too."""
        self._status.settimeout(_REPORT_SECONDS)
        try:
            raw = self._status.recv(MAX_MESSAGE_BYTES)
        except OSError:
            raw = b""
        if not raw:
            return Attempt(Outcome.LOST, detail="the fork server has ended")
        ended = Ended.model_validate_json(raw)
        detail = f"signal {ended.signal}" if ended.signal else f"exit code {ended.exit_code}"
        seconds = max(0.0, ended.cpu_seconds - self._cpu_seconds)
        return Attempt(outcome_of_end(ended.signal), seconds, ended.max_rss_bytes, detail)


def _read(job: Job, raw: bytes, descriptors: list[int]) -> tuple[Attempt, Result]:
    """Raise ``ValueError`` for an answer that this job does not give."""
    answer = parse_answer(raw)
    if isinstance(answer, Verified) is not isinstance(job, CredentialsJob):
        raise ValueError(f"{answer.outcome} does not answer {job.task}")
    if isinstance(answer, Verified):
        return Attempt(Outcome.VERIFIED, answer.cpu_seconds, answer.max_rss_bytes), answer.credentials
    if isinstance(answer, Refused):
        refusal = Unprocessable(answer.reason, answer.detail)
        return Attempt(Outcome.REFUSED, answer.cpu_seconds, answer.max_rss_bytes), refusal
    if not descriptors:
        raise ValueError("it has no frames")
    frames = read_frames(descriptors[0], answer.frames)
    return Attempt(Outcome.DECODED, answer.cpu_seconds, answer.max_rss_bytes), DecodedFile(answer, frames)


def _summary(error: ValueError) -> str:
    return f"{error.error_count()} fields" if isinstance(error, ValidationError) else str(error)
