"""The pool decodes as the decoders themselves do, and survives the loss of its processes."""

import dataclasses
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import psutil
import pytest

from inference.errors import Unprocessable
from inference.media import MediaLimits, decode
from inference.sandbox import Attempt, DecoderPool, Outcome
from inference.sandbox.pool import FILES_PER_PROCESS
from schemas.verdicts import UnprocessableReason
from tests.unit.inference.media.test_built_in_formats import SAMPLES
from tests.unit.inference.media_samples import animation, still

DEADLINE_SECONDS = 10


def processes(pool: DecoderPool) -> list[psutil.Process]:
    return psutil.Process(pool.fork_server_pid).children()


@pytest.mark.parametrize("sample", [*SAMPLES.values(), animation("GIF")], ids=[*SAMPLES, "animation"])
def test_the_result_is_that_of_the_decoder(pool: DecoderPool, sample: bytes) -> None:
    expected, media = decode(sample), pool.decode(sample)

    for field in dataclasses.fields(media):
        if field.name != "frames":
            assert getattr(media, field.name) == getattr(expected, field.name)
    for frame, expected_frame in zip(media.frames, expected.frames, strict=True):
        assert frame.seconds == expected_frame.seconds
        assert np.array_equal(frame.image, expected_frame.image)


@pytest.mark.parametrize(
    ("data", "declared", "reason"),
    [
        (b"", None, UnprocessableReason.EMPTY),
        (b"nothing known", None, UnprocessableReason.UNSUPPORTED_TYPE),
        (still("PNG"), "image/jpeg", UnprocessableReason.TYPE_MISMATCH),
        (still("PNG")[:-500], None, UnprocessableReason.TRUNCATED),
    ],
)
def test_refusals_keep_their_reason(
    pool: DecoderPool, data: bytes, declared: str | None, reason: UnprocessableReason
) -> None:
    with pytest.raises(Unprocessable) as refusal:
        pool.decode(data, declared)

    assert refusal.value.reason is reason


def test_a_file_above_the_size_limit_is_not_sent_to_a_process(
    pool: DecoderPool, attempts: list[Attempt]
) -> None:
    attempts.clear()

    with pytest.raises(Unprocessable, match="too_large"):
        pool.decode(still("PNG"), limits=MediaLimits(max_bytes=100))

    assert not attempts


def test_many_threads_share_the_processes(pool: DecoderPool) -> None:
    with ThreadPoolExecutor(8) as threads:
        widths = list(threads.map(lambda _: pool.decode(still("JPEG")).width, range(40)))

    assert widths == [512] * 40
    assert len(processes(pool)) <= 2


def test_a_process_is_replaced_after_some_files(pool: DecoderPool) -> None:
    seen: set[int] = set()
    for _ in range(2 * FILES_PER_PROCESS + 1):
        pool.decode(still("JPEG"))
        seen |= {process.pid for process in processes(pool)}

    assert len(seen) >= 3


def test_a_process_is_replaced_after_a_file_that_it_refused() -> None:
    pool = DecoderPool(1)
    pool.decode(still("JPEG"))
    (before,) = processes(pool)

    with pytest.raises(Unprocessable):
        pool.decode(b"\xff\xd8\xff\xff")

    before.wait(DEADLINE_SECONDS)
    assert pool.decode(still("JPEG")).width == 512
    pool.close()


def test_a_killed_fork_server_is_started_again(pool: DecoderPool) -> None:
    pid = pool.fork_server_pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    psutil.Process(pid).wait(DEADLINE_SECONDS)

    assert pool.decode(still("JPEG")).width == 512
    assert pool.fork_server_pid != pid


def test_a_file_in_a_killed_process_is_decoded_by_another(pool: DecoderPool, attempts: list[Attempt]) -> None:
    attempts.clear()
    with ThreadPoolExecutor(1) as threads:
        refusal = threads.submit(pool.decode, b"PROBE:loop")
        _kill_busy(pool)

        assert isinstance(refusal.exception(4 * DEADLINE_SECONDS), Unprocessable)

    assert [attempt.outcome for attempt in attempts] == [Outcome.CRASHED, Outcome.OUT_OF_CPU_TIME]


def test_processes_end_with_the_pool() -> None:
    pool = DecoderPool(1)
    pool.decode(still("JPEG"))
    pid = pool.fork_server_pid
    assert pid is not None
    children = psutil.Process(pid).children()

    pool.close()

    assert not psutil.pid_exists(pid)
    psutil.wait_procs(children, DEADLINE_SECONDS)
    assert not any(child.is_running() for child in children)


def _kill_busy(pool: DecoderPool) -> None:
    """Kill the process that is at work, once there is one."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        for process in processes(pool):
            if process.status() == psutil.STATUS_RUNNING and process.cpu_times().user > 0.1:
                process.kill()
                return
    raise AssertionError("no process was at work")
