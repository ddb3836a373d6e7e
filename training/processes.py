"""Distributed training by several processes (``torchrun``), or a single process."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
import torch.distributed as dist


def is_distributed() -> bool:
    """Return whether ``torchrun`` started this process."""
    return dist.is_torchelastic_launched()


@contextmanager
def process_group() -> Iterator[None]:
    """Join the process group if ``torchrun`` started this process."""
    if not is_distributed():
        yield
        return
    dist.init_process_group("gloo")
    try:
        yield
    finally:
        dist.destroy_process_group()


def rank_and_processes() -> tuple[int, int]:
    """Return the rank of this process and the number of processes."""
    return (dist.get_rank(), dist.get_world_size()) if dist.is_initialized() else (0, 1)


def from_rank_zero(value: float) -> float:
    """Return rank 0's value in every process, since clocks differ but learning rates must not."""
    if not dist.is_initialized():
        return value
    shared = torch.tensor([value], dtype=torch.float64)
    dist.broadcast(shared, 0)
    return float(shared)
