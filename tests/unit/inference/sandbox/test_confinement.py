"""What a decoder that was taken over cannot do. The probe format does what the file says."""

import os
import sys
from collections.abc import Iterator

import pytest

from inference.errors import Unprocessable
from inference.sandbox import Attempt, DecoderPool, Outcome, ProcessLimits
from tests.unit.inference.media_samples import still

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has system call filters")


def probe(pool: DecoderPool, action: str) -> str:
    with pytest.raises(Unprocessable) as refusal:
        pool.decode(f"PROBE:{action}".encode())
    return refusal.value.detail


@pytest.mark.parametrize(
    "action",
    [
        "tcp_socket",
        "udp_socket",
        "unix_socket",
        "read_file",
        "read_parent_environment",
        "write_file",
        "start_program",
        "fork",
        "kill_parent",
        "trace_parent",
    ],
)
def test_forbidden_system_calls_fail(pool: DecoderPool, action: str) -> None:
    assert "Operation not permitted" in probe(pool, action)


def test_the_memory_limit_cannot_be_raised(pool: DecoderPool) -> None:
    assert "not allowed to raise maximum limit" in probe(pool, "raise_memory_limit")


def test_the_environment_holds_no_secret(pool: DecoderPool) -> None:
    environment = probe(pool, "environment")

    assert "a-secret" not in environment
    assert "FAKEME" not in environment


def test_no_descriptor_is_open_but_the_socket_to_the_pool_and_the_null_device(pool: DecoderPool) -> None:
    assert probe(pool, "descriptors") == "[0, 1, 2, 3]"


def test_threads_may_be_started(pool: DecoderPool) -> None:
    assert probe(pool, "start_thread") == "[1]"


def test_a_crash_is_tried_twice_and_answered(pool: DecoderPool, attempts: list[Attempt]) -> None:
    attempts.clear()

    detail = probe(pool, "crash")

    assert [attempt.outcome for attempt in attempts] == [Outcome.CRASHED] * 2
    assert detail == "the decoder crashed (signal 11), in each of 2 attempts"


def test_an_endless_loop_ends_with_its_cpu_time(pool: DecoderPool, attempts: list[Attempt]) -> None:
    attempts.clear()

    detail = probe(pool, "loop")

    assert [attempt.outcome for attempt in attempts] == [Outcome.OUT_OF_CPU_TIME] * 2
    assert sum(attempt.cpu_seconds for attempt in attempts) < 6
    assert "CPU time" in detail


@pytest.fixture
def impatient_pool(pool: DecoderPool, attempts: list[Attempt]) -> Iterator[DecoderPool]:
    """A pool that allows no more wall time than CPU time; in the environment of ``pool``."""
    limits = ProcessLimits(cpu_seconds=1.0, wall_factor=1.0)
    impatient = DecoderPool(1, limits, attempts.append)
    yield impatient
    impatient.close()


def test_a_decoder_that_waits_ends_with_its_wall_time(
    impatient_pool: DecoderPool, attempts: list[Attempt]
) -> None:
    attempts.clear()

    detail = probe(impatient_pool, "sleep")

    assert [attempt.outcome for attempt in attempts] == [Outcome.OUT_OF_WALL_TIME] * 2
    assert "did not end in time" in detail


def test_memory_has_a_limit(pool: DecoderPool, attempts: list[Attempt]) -> None:
    attempts.clear()

    assert "MemoryError" in probe(pool, "fill_memory")
    assert attempts[-1].max_rss_bytes < 500_000_000


def test_frames_beyond_the_output_limit_are_refused(pool: DecoderPool) -> None:
    assert "Error" in probe(pool, "fill_output")


def test_the_pool_goes_on_after_all_that(pool: DecoderPool) -> None:
    assert pool.decode(still("JPEG")).width == 512
    assert pool.fork_server_pid is not None
    assert os.path.exists(f"/proc/{pool.fork_server_pid}")  # noqa: PTH110 - not a path of ours
