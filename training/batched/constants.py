"""Small tables on the device, moved there once: a copy from the host waits for all that is queued."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import torch
from torch import Tensor

Table = tuple[Any, ...]  # of numbers, or of tables


def constant(values: Sequence[Any], device: torch.device) -> Tensor:
    """Return a table of numbers as a tensor; do not write to it."""
    return _moved(_frozen(values), device)


def _frozen(values: Sequence[Any]) -> Table:
    return tuple(_frozen(value) if isinstance(value, Sequence) else value for value in values)


@cache
def _moved(values: Table, device: torch.device) -> Tensor:
    return torch.tensor(values).to(device)
