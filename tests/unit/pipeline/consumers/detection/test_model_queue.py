"""The model queue makes batches by number and cost, overtakes fairly, and isolates failures."""

import threading
from collections.abc import Iterator, Sequence

import pytest

from pipeline.consumers.detection.model_queue import PRIORITY_STEP, BatchLimits, ModelQueue

TIMEOUT_SECONDS = 10
LIMITS = BatchLimits(items=4, cost=8, wait=0.05)


class Model:
    """Doubles numbers, and keeps the batches that it saw; the first batch waits until it may start."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.entered = threading.Event()
        self.may_start = threading.Event()

    def __call__(self, items: Sequence[int]) -> list[int]:
        self.entered.set()
        assert self.may_start.wait(TIMEOUT_SECONDS)
        self.batches.append(list(items))
        if 13 in items:
            raise ValueError("13")
        return [2 * item for item in items]


@pytest.fixture
def model() -> Model:
    return Model()


@pytest.fixture
def queue(model: Model) -> Iterator[ModelQueue[int, int]]:
    queue = ModelQueue(model, LIMITS)
    yield queue
    model.may_start.set()
    queue.close()


def block(queue: ModelQueue[int, int], model: Model) -> None:
    """Keep the model busy with one item, so that what follows is queued."""
    queue.submit(0, cost=LIMITS.cost, priority=0)
    assert model.entered.wait(TIMEOUT_SECONDS)


def test_a_batch_is_full_by_its_number_of_items(queue: ModelQueue[int, int], model: Model) -> None:
    block(queue, model)
    futures = [queue.submit(item, cost=1, priority=0) for item in range(1, 7)]
    model.may_start.set()

    assert [future.result(TIMEOUT_SECONDS) for future in futures] == [2, 4, 6, 8, 10, 12]
    assert model.batches == [[0], [1, 2, 3, 4], [5, 6]]


def test_a_batch_is_full_by_its_cost(queue: ModelQueue[int, int], model: Model) -> None:
    block(queue, model)
    futures = [queue.submit(item, cost=3, priority=0) for item in (1, 2, 3)]
    model.may_start.set()

    assert [future.result(TIMEOUT_SECONDS) for future in futures] == [2, 4, 6]
    assert model.batches == [[0], [1, 2], [3]]


def test_pictures_overtake_a_video(queue: ModelQueue[int, int], model: Model) -> None:
    block(queue, model)
    video = queue.submit(1, cost=8, priority=0)
    pictures = [queue.submit(item, cost=1, priority=0) for item in (2, 3)]
    model.may_start.set()

    for future in (video, *pictures):
        future.result(TIMEOUT_SECONDS)
    assert model.batches == [[0], [2, 3], [1]]


def test_a_lower_priority_is_overtaken_by_some_items_and_not_by_all(
    queue: ModelQueue[int, int], model: Model
) -> None:
    block(queue, model)
    replay = queue.submit(1000, cost=1, priority=1)
    later = [queue.submit(item, cost=1, priority=0) for item in range(100, 100 + 2 * PRIORITY_STEP)]
    model.may_start.set()

    for future in (replay, *later):
        future.result(TIMEOUT_SECONDS)
    order = [item for batch in model.batches for item in batch]
    assert order.index(1000) == PRIORITY_STEP


def test_only_the_item_that_fails_gets_the_error(queue: ModelQueue[int, int], model: Model) -> None:
    block(queue, model)
    good, bad, last = (queue.submit(item, cost=1, priority=0) for item in (1, 13, 2))
    model.may_start.set()

    assert (good.result(TIMEOUT_SECONDS), last.result(TIMEOUT_SECONDS)) == (2, 4)
    with pytest.raises(ValueError, match="13"):
        bad.result(TIMEOUT_SECONDS)


def test_a_batch_that_hangs_is_visible(queue: ModelQueue[int, int], model: Model) -> None:
    assert queue.busy_seconds() == 0.0

    block(queue, model)

    first = queue.busy_seconds()
    assert queue.busy_seconds() > first >= 0.0
    assert queue.alive


def test_the_thread_ends_when_the_queue_is_closed(model: Model) -> None:
    queue = ModelQueue(model, LIMITS)
    model.may_start.set()

    queue.close()

    queue.join(TIMEOUT_SECONDS)
    assert not queue.alive
