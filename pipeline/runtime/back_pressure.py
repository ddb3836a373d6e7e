"""Decides which partitions to pause, so that unfinished records stay within bounds. Pure.

The limit is for each partition: a post that everybody reports fills its own partition and no other.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass

from pipeline.runtime.partitions import Partition


@dataclass(frozen=True)
class PauseChange:
    """Partitions to pause and to resume."""

    pause: frozenset[Partition]
    resume: frozenset[Partition]


def pause_change(unfinished: Mapping[Partition, int], paused: Set[Partition], limit: int) -> PauseChange:
    """Return what to change.

    ``unfinished`` are the unfinished records of each assigned partition, ``paused`` the partitions that were
    paused and are still assigned. A partition is paused at ``limit`` and resumed at half of it.
    """
    return PauseChange(
        pause=frozenset(
            partition
            for partition, records in unfinished.items()
            if records >= limit and partition not in paused
        ),
        resume=frozenset(partition for partition in paused if unfinished.get(partition, 0) <= limit // 2),
    )
