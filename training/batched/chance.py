"""Random choices for a whole batch, all from one ``torch.Generator``, without reading anything back."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


def uniform(count: int | tuple[int, ...], low: float, high: float, generator: torch.Generator) -> Tensor:
    """Return float32 numbers evenly from [low, high)."""
    shape = (count,) if isinstance(count, int) else count
    return torch.rand(shape, generator=generator, device=generator.device) * (high - low) + low


def normal(shape: tuple[int, ...], sigma: float, generator: torch.Generator) -> Tensor:
    """Return float32 Gaussian numbers about 0."""
    return torch.randn(shape, generator=generator, device=generator.device) * sigma


def coin(count: int, chance: float, generator: torch.Generator) -> Tensor:
    """Return (count,) bool, each true with the given chance."""
    return uniform(count, 0, 1, generator) < chance


def choose(shares: Tensor, generator: torch.Generator) -> Tensor:
    """Return (N,) int64: for each row of ``shares`` (N, K), summing to 1, one of its columns."""
    drawn = torch.rand(len(shares), 1, generator=generator, device=shares.device)
    return (shares.cumsum(1)[:, :-1] <= drawn).sum(1)


@dataclass(frozen=True, slots=True)
class Share:
    """The part of a batch to which something happens: ``indices[active]``.

    ``indices`` (K,) int64 is at most one longer than that part, so that its length is known to the host.
    """

    indices: Tensor
    active: Tensor

    def mask(self, count: int) -> Tensor:
        """Return the share as (count,) bool."""
        empty = torch.zeros(count, dtype=torch.bool, device=self.indices.device)
        return empty.index_copy(0, self.indices, self.active)

    def of(self, outer: "Share") -> "Share":
        """Return this share of ``outer``'s pictures as a share of the whole batch."""
        return Share(outer.indices[self.indices], outer.active[self.indices] & self.active)


def deal(count: int, chances: Sequence[float], generator: torch.Generator) -> list[Share]:
    """Deal out a batch among ways that exclude one another; what the chances leave over gets none.

    Each picture gets a way with exactly its chance, and in each batch the ways' numbers are as near to their
    chances as whole numbers allow (systematic sampling; Madow, 1949).
    """
    device = generator.device
    order = torch.rand(count, generator=generator, device=device).argsort()
    place = (torch.arange(count, device=device) + torch.rand(1, generator=generator, device=device)) / count
    shares, low = [], 0.0
    for chance in chances:
        high = low + chance
        # 1e-6 for sums like 0.1 + 0.2, which are a little more than 0.3
        part = slice(math.floor(count * low + 1e-6), math.ceil(count * high - 1e-6))
        shares.append(Share(order[part], (place[part] >= low) & (place[part] < high)))
        low = high
    return shares


def update(pictures: Tensor, share: Share, change: Callable[[Tensor], Tensor]) -> Tensor:
    """Return ``pictures`` with the share's replaced by ``change`` of them; the others cost nothing."""
    if not len(share.indices):
        return pictures
    chosen = pictures[share.indices]
    active = share.active.view(-1, *[1] * (chosen.dim() - 1))
    return pictures.index_copy(0, share.indices, torch.where(active, change(chosen), chosen))
