"""Which partitions are paused and resumed."""

import pytest

from pipeline.runtime.back_pressure import PauseChange, pause_change
from pipeline.runtime.partitions import Partition

A, B = ("posts", 0), ("posts", 1)
NONE: frozenset[Partition] = frozenset()


@pytest.mark.parametrize(
    ("unfinished", "paused", "expected"),
    [
        ({A: 99, B: 0}, NONE, PauseChange(NONE, NONE)),
        ({A: 100, B: 0}, NONE, PauseChange(frozenset({A}), NONE)),
        ({A: 51, B: 0}, frozenset({A}), PauseChange(NONE, NONE)),
        ({A: 50, B: 0}, frozenset({A}), PauseChange(NONE, frozenset({A}))),
        ({A: 70, B: 100}, frozenset({A}), PauseChange(frozenset({B}), NONE)),  # B was assigned since
        ({}, NONE, PauseChange(NONE, NONE)),
    ],
)
def test_pause_change(
    unfinished: dict[Partition, int], paused: frozenset[Partition], expected: PauseChange
) -> None:
    assert pause_change(unfinished, paused, 100) == expected
