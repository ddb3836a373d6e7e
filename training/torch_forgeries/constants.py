"""Cache small tables on the device: a copy from the host waits for all queued work."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import torch
from torch import Tensor

Table = tuple[Any, ...]  # of numbers or tables


def constant(values: Sequence[Any], device: torch.device) -> Tensor:
    """Return a table of numbers as a tensor on the device; do not write to it."""
    return _moved(_frozen(values), device)


def _frozen(values: Sequence[Any]) -> Table:
    return tuple(_frozen(value) if isinstance(value, Sequence) else value for value in values)


@cache
def _moved(values: Table, device: torch.device) -> Tensor:
    return torch.tensor(values).to(device)
