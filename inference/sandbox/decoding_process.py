"""The decoding process: confines itself, then does one job after another until the pool has gone."""

import gc
import os
import resource
import signal
import socket
import sys

from inference.errors import Unprocessable
from inference.media.decode import decode
from inference.media.decoded import DecodedMedia
from inference.provenance.reading import read_credentials
from inference.sandbox.confinement import (
    die_with_parent,
    install_filter,
    limit_cpu_time,
    limit_resources,
)
from inference.sandbox.frame_file import read_all, write_frames
from inference.sandbox.messages import (
    MAX_DETAIL,
    MAX_FILES,
    MAX_MESSAGE_BYTES,
    SOCKET_KIND,
    CredentialsJob,
    Decoded,
    DecodeJob,
    FrameShape,
    Refused,
    Spawn,
    Verified,
    parse_job,
)

_OUTPUT, _ERRORS, _JOBS = 1, 2, 3  # descriptors; all above are closed
_RSS_UNIT = 1024 if sys.platform == "linux" else 1  # bytes; of ru_maxrss


def run_and_exit(spawn: Spawn, jobs_descriptor: int, filter_program: bytes | None, parent: int) -> None:
    """Run in a new child of process ``parent``. Never returns."""
    exit_code = 1
    try:
        signal.set_wakeup_fd(-1)  # before its descriptor is closed
        die_with_parent(parent)
        _keep_only(jobs_descriptor)
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # too large an output is an error of the write
        jobs = socket.socket(socket.AF_UNIX, SOCKET_KIND, 0, fileno=_JOBS)
        limit_resources(memory_bytes=spawn.memory_bytes, output_bytes=spawn.output_bytes)
        install_filter(filter_program)
        gc.enable()
        while _serve_once(jobs):
            pass
        exit_code = 0
    finally:
        os._exit(exit_code)  # no cleanup of the fork server's objects


def _keep_only(jobs_descriptor: int) -> None:
    """Move the socket to the lowest free number and close all other descriptors."""
    os.dup2(jobs_descriptor, _JOBS)
    os.dup2(_OUTPUT, _ERRORS)  # /dev/null: libraries print warnings with text from the file
    os.closerange(_JOBS + 1, os.sysconf("SC_OPEN_MAX"))


def _serve_once(jobs: socket.socket) -> bool:
    raw, descriptors, _, _ = socket.recv_fds(jobs, MAX_MESSAGE_BYTES, MAX_FILES)
    if not raw:
        return False
    job = parse_job(raw)
    files = [read_all(descriptor) for descriptor in descriptors]
    start = _cpu_seconds()
    limit_cpu_time(start + job.cpu_seconds)
    if isinstance(job, CredentialsJob):
        _verify(jobs, *files, start=start)
    else:
        _decode(jobs, job, *files, start=start)
    return True


def _decode(jobs: socket.socket, job: DecodeJob, data: bytes, *, start: float) -> None:
    try:
        media = decode(data, job.declared_type, job.limits)
    except Unprocessable as refusal:
        jobs.send(_refused(refusal, _cpu_seconds() - start).to_bytes())
    else:
        descriptor = write_frames(media.frames)
        socket.send_fds(jobs, [_decoded(media, _cpu_seconds() - start).to_bytes()], [descriptor])
        os.close(descriptor)


def _verify(jobs: socket.socket, data: bytes, trust_anchors: bytes, *, start: float) -> None:
    credentials = read_credentials(data, trust_anchors.decode("ascii"))
    answer = Verified(
        credentials=credentials, cpu_seconds=_cpu_seconds() - start, max_rss_bytes=_max_rss_bytes()
    )
    jobs.send(answer.to_bytes())


def _decoded(media: DecodedMedia, cpu_seconds: float) -> Decoded:
    return Decoded(
        kind=media.kind,
        media_type=media.media_type,
        width=media.width,
        height=media.height,
        seconds=media.seconds,
        frames=tuple(
            FrameShape(
                height=frame.image.shape[0],
                width=frame.image.shape[1],
                seconds=frame.seconds,
                keyframe=frame.keyframe,
            )
            for frame in media.frames
        ),
        decoded_share=media.decoded_share,
        fault=media.fault[:MAX_DETAIL],
        cpu_seconds=cpu_seconds,
        max_rss_bytes=_max_rss_bytes(),
    )


def _refused(refusal: Unprocessable, cpu_seconds: float) -> Refused:
    return Refused(
        reason=refusal.reason,
        detail=refusal.detail[:MAX_DETAIL],
        cpu_seconds=cpu_seconds,
        max_rss_bytes=_max_rss_bytes(),
    )


def _cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _max_rss_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _RSS_UNIT
