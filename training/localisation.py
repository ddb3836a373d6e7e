"""A second thing to learn beside real or forged: where. It costs next to nothing.

One label for a whole picture says little of a trace of a few pixels. The network's heads
(`inference.localising`) say for each cell of the picture whether it is forged; to do so the features learn to
tell a part of a face from its surroundings.
"""

import torch
from torch import nn
from torch.nn import functional

from inference.localising import CELL, locate

MIN_FORGED_OPACITY = 0.1  # of a mask's opacity; fainter pastes are not told from their surroundings


def cell_coverage(masks: torch.Tensor) -> torch.Tensor:
    """Return (N, 1, S/16, S/16): the share of each cell that masks (N, 1, S, S) cover; NaN stays."""
    covered = torch.where(masks.isnan(), masks, (masks > MIN_FORGED_OPACITY).to(masks.dtype))
    return functional.avg_pool2d(covered, CELL)


class NetworkWithMaps(nn.Module):
    """A network as it is trained: pixels (N, 3, S, S) in, logits (N, 1) and its heads' maps out."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor, list[torch.Tensor]]:
        return locate(self.network, pixels)


def localisation_loss(maps: list[torch.Tensor], forged: torch.Tensor) -> torch.Tensor:
    """Return the mean cross-entropy of the maps of real pictures, then of their forgeries.

    ``forged`` (N, 1, S/16, S/16) holds the share of each cell of the N forgeries that is forged, NaN where
    nobody knows: such a forgery is left out.
    """
    targets = torch.cat([torch.zeros_like(forged), forged])
    known = targets.isfinite().all(dim=(1, 2, 3))
    losses = []
    for values in maps:
        wanted = functional.adaptive_avg_pool2d(targets[known], (values.shape[2], values.shape[3]))
        losses.append(functional.binary_cross_entropy_with_logits(values[known].float(), wanted))
    return torch.stack(losses).mean()
