"""One file at a time, few wait, none too long; errors become refusals without the file's content."""

import asyncio
import threading

import pytest
from structlog.testing import capture_logs

from inference.errors import SandboxUnavailableError
from pipeline.errors import TransientError
from pipeline.producers.gateway.verify_page.refusal import Refusal, RefusalKind
from pipeline.producers.gateway.verify_page.verification_queue import VerificationQueue
from tests.unit.pipeline.producers.gateway.verify_page.serving import ToldVerifier, eventually


async def started(verifier: ToldVerifier, **limits: float) -> VerificationQueue:
    queue = VerificationQueue(lambda: verifier, **limits)  # type: ignore[arg-type]
    queue.start()
    while queue._verifier is None:
        await asyncio.sleep(0.001)
    return queue


async def refusal_of(queue: VerificationQueue) -> Refusal:
    with pytest.raises(Refusal) as refused:
        await queue.verify(b"secret")
    return refused.value


async def test_files_are_judged_one_at_a_time() -> None:
    verifier = ToldVerifier()
    queue = await started(verifier)
    verifier.released.clear()
    both = asyncio.gather(queue.verify(b"1"), queue.verify(b"22"))
    while not verifier.seen:
        await asyncio.sleep(0.001)

    assert verifier.seen == [1]
    verifier.released.set()
    assert await both == [verifier.verdict] * 2
    assert verifier.seen == [1, 2]
    queue.close()


async def test_there_are_few_places() -> None:
    queue = await started(ToldVerifier(), places=1)
    with queue.place(), pytest.raises(Refusal) as refused, queue.place():
        pass
    with queue.place():  # free again
        queue.close()

    assert (refused.value.kind, refused.value.headers) == (RefusalKind.BUSY, {"Retry-After": "15"})


async def test_a_slow_file_is_given_up_and_the_next_one_is_judged() -> None:
    verifier = ToldVerifier()
    queue = await started(verifier, seconds=0.2)
    verifier.released.clear()

    assert (await refusal_of(queue)).kind is RefusalKind.TOO_SLOW
    verifier.released.set()
    assert await queue.verify(b"next") == verifier.verdict
    queue.close()


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (TransientError("x"), RefusalKind.UNAVAILABLE),
        (SandboxUnavailableError("x"), RefusalKind.UNAVAILABLE),
        (ValueError("secret words of the file"), RefusalKind.FAILED),
    ],
)
async def test_an_error_is_logged_without_its_message(error: Exception, kind: RefusalKind) -> None:
    queue = await started(ToldVerifier(error=error))

    with capture_logs() as logs:
        assert (await refusal_of(queue)).kind is kind

    assert [log["error"] for log in logs] == [type(error).__name__]
    assert not queue.failed
    assert "secret" not in str(logs)
    queue.close()


async def test_a_lost_accelerator_needs_a_restart() -> None:
    queue = await started(ToldVerifier(error=RuntimeError("CUDA error: an illegal memory access")))

    assert (await refusal_of(queue)).kind is RefusalKind.FAILED
    assert queue.failed
    queue.close()


async def test_a_model_that_is_being_loaded_is_closed_too() -> None:
    loading, verifier = threading.Event(), ToldVerifier()
    verifier.released.clear()

    def load() -> ToldVerifier:
        assert loading.wait(60)
        return verifier

    queue = VerificationQueue(load)
    queue.start()
    threading.Timer(0.1, loading.set).start()
    await asyncio.to_thread(queue.close)

    assert verifier.released.is_set()  # by its close()


async def test_it_refuses_until_the_model_is_loaded() -> None:
    loading = threading.Event()

    def load() -> ToldVerifier:
        assert loading.wait(60)
        return ToldVerifier()

    queue = VerificationQueue(load)
    queue.start()

    assert (await refusal_of(queue)).kind is RefusalKind.LOADING
    loading.set()
    eventually(lambda: queue._verifier)
    await queue.verify(b"x")
    queue.close()


async def test_a_model_that_cannot_be_loaded_is_told() -> None:
    def load() -> ToldVerifier:
        raise FileNotFoundError("weights.safetensors")

    queue = VerificationQueue(load)
    with capture_logs() as logs:
        queue.start()
        eventually(lambda: queue._broken)

    assert (await refusal_of(queue)).kind is RefusalKind.UNAVAILABLE
    assert not queue.failed  # the rest of the gateway works on
    assert logs[0]["event"] == "verify_page.not_loaded"
    queue.close()
