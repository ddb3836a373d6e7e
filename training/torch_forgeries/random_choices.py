"""Random choices for a batch from one ``torch.Generator``, without reading data back to the host."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


def uniform(count: int | tuple[int, ...], low: float, high: float, generator: torch.Generator) -> Tensor:
    """Return float32 numbers, uniform in [low, high)."""
    shape = (count,) if isinstance(count, int) else count
    return torch.rand(shape, generator=generator, device=generator.device) * (high - low) + low


def normal(shape: tuple[int, ...], sigma: float, generator: torch.Generator) -> Tensor:
    """Return float32 normal numbers with mean 0."""
    return torch.randn(shape, generator=generator, device=generator.device) * sigma


def bernoulli(count: int, probability: float, generator: torch.Generator) -> Tensor:
    """Return (count,) bool, each true with the given probability."""
    return uniform(count, 0, 1, generator) < probability


def categorical(probabilities: Tensor, generator: torch.Generator) -> Tensor:
    """Return (N,) int64: a column drawn for each row of probabilities (N, K), which sum to 1."""
    drawn = torch.rand(len(probabilities), 1, generator=generator, device=probabilities.device)
    return (probabilities.cumsum(1)[:, :-1] <= drawn).sum(1)


@dataclass(frozen=True, slots=True)
class Share:
    """The part of a batch that an operation changes: ``indices[active]``.

    ``indices`` (K,) int64 has at most one inactive entry at each end, so the host knows its length without
    reading ``active`` from the device.
    """

    indices: Tensor
    active: Tensor

    def mask(self, count: int) -> Tensor:
        """Return the share as (count,) bool."""
        empty = torch.zeros(count, dtype=torch.bool, device=self.indices.device)
        return empty.index_copy(0, self.indices, self.active)

    def within(self, outer: "Share") -> "Share":
        """Return this share of ``outer``'s pictures as a share of the whole batch."""
        return Share(outer.indices[self.indices], outer.active[self.indices] & self.active)


def assign_shares(count: int, probabilities: Sequence[float], generator: torch.Generator) -> list[Share]:
    """Assign the pictures of a batch to exclusive shares; a rest may stay unassigned.

    Each picture is in a share with exactly the share's probability, and the sizes of the shares in each batch
    are as close to their probabilities as integers allow (systematic sampling; Madow, 1949).
    """
    device = generator.device
    order = torch.rand(count, generator=generator, device=device).argsort()
    place = (torch.arange(count, device=device) + torch.rand(1, generator=generator, device=device)) / count
    shares, low = [], 0.0
    for probability in probabilities:
        high = low + probability
        # 1e-6 absorbs rounding errors of sums such as 0.1 + 0.2
        part = slice(math.floor(count * low + 1e-6), math.ceil(count * high - 1e-6))
        shares.append(Share(order[part], (place[part] >= low) & (place[part] < high)))
        low = high
    return shares


def update_share(pictures: Tensor, share: Share, change: Callable[[Tensor], Tensor]) -> Tensor:
    """Return ``pictures`` with ``change`` applied to the share; the other pictures cost nothing."""
    if not len(share.indices):
        return pictures
    chosen = pictures[share.indices]
    active = share.active.view(-1, *[1] * (chosen.dim() - 1))
    return pictures.index_copy(0, share.indices, torch.where(active, change(chosen), chosen))
