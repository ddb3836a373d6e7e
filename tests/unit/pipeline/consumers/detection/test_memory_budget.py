"""The memory budget never exceeds its limit, is fair, and gives back what is released."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from pipeline.consumers.detection.memory_budget import MemoryBudget

TIMEOUT_SECONDS = 10


def test_what_fits_is_reserved_at_once() -> None:
    budget = MemoryBudget(100)

    first, second = budget.reserve(60), budget.reserve(40)

    assert budget.held == 100
    first.release()
    second.release()
    assert budget.held == 0


def test_a_reservation_waits_until_enough_is_released() -> None:
    budget = MemoryBudget(100)
    held = budget.reserve(80)
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(budget.reserve, 30)
        assert not waiting.done()

        held.shrink(70)

        waiting.result(TIMEOUT_SECONDS).release()
    assert budget.held == 70


def test_more_than_the_limit_is_reserved_alone() -> None:
    budget = MemoryBudget(100)
    small = budget.reserve(1)
    with ThreadPoolExecutor(1) as threads:
        large = threads.submit(budget.reserve, 500)
        assert not large.done()

        small.release()

        assert large.result(TIMEOUT_SECONDS)
    assert budget.held == 500


def test_a_large_reservation_is_not_overtaken() -> None:
    budget = MemoryBudget(100)
    held = budget.reserve(50)
    order: list[str] = []

    def reserve(name: str, size: int) -> None:
        reservation = budget.reserve(size)
        order.append(name)
        reservation.release()

    large = threading.Thread(target=reserve, args=("large", 100))
    large.start()
    while not budget.waiting:
        pass
    small = threading.Thread(target=reserve, args=("small", 10))
    small.start()
    held.release()
    large.join(TIMEOUT_SECONDS)
    small.join(TIMEOUT_SECONDS)

    assert order == ["large", "small"]


@pytest.mark.parametrize("sizes", [[10, 50, 90, 200, 1, 99]])
def test_many_threads_never_exceed_the_limit(sizes: list[int]) -> None:
    budget = MemoryBudget(200)

    def work(number: int) -> int:
        reservation = budget.reserve(sizes[number % len(sizes)])
        held = budget.held
        reservation.shrink(1)
        reservation.release()
        return held

    with ThreadPoolExecutor(16) as threads:
        assert max(threads.map(work, range(500))) <= 200
    assert budget.held == 0


def test_releasing_twice_gives_back_once() -> None:
    budget = MemoryBudget(100)
    reservation = budget.reserve(10)

    reservation.release()
    reservation.release()

    assert budget.held == 0
