"""Several processes that train together (``torchrun``), or one alone."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
import torch.distributed as dist


def is_distributed() -> bool:
    """Return whether ``torchrun`` started this process, beside others."""
    return dist.is_torchelastic_launched()


@contextmanager
def process_group() -> Iterator[None]:
    """Join the other processes, where ``torchrun`` started several."""
    if not is_distributed():
        yield
        return
    dist.init_process_group("gloo")
    try:
        yield
    finally:
        dist.destroy_process_group()


def rank_and_processes() -> tuple[int, int]:
    """Return which of how many processes this is."""
    return (dist.get_rank(), dist.get_world_size()) if dist.is_initialized() else (0, 1)


def from_rank_zero(value: float) -> float:
    """Return rank 0's value in every process: clocks differ, and learning rates must not."""
    if not dist.is_initialized():
        return value
    shared = torch.tensor([value], dtype=torch.float64)
    dist.broadcast(shared, 0)
    return float(shared)
