"""A second training task: localise the forgery in the picture.

One label per picture is weak supervision for traces of a few pixels. Small heads predict for each cell of the
picture whether it is forged, so that the features learn to compare a part of a face with its surroundings.
The extra cost is negligible.
"""

import torch
from torch import nn
from torch.nn import functional

from inference.localisation import CELL, locate

MIN_FORGED_OPACITY = 0.1  # mask opacity; fainter forgeries cannot be told from their surroundings


def cell_coverage(masks: torch.Tensor) -> torch.Tensor:
    """Return the covered share of each cell, (N, 1, S/16, S/16), of masks (N, 1, S, S); NaN stays NaN."""
    covered = torch.where(masks.isnan(), masks, (masks > MIN_FORGED_OPACITY).to(masks.dtype))
    return functional.avg_pool2d(covered, CELL)


class NetworkWithMaps(nn.Module):
    """Return logits (N, 1) and the localisation maps of the heads for pixels (N, 3, S, S)."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor, list[torch.Tensor]]:
        return locate(self.network, pixels)


def localisation_loss(maps: list[torch.Tensor], forged: torch.Tensor) -> torch.Tensor:
    """Return the mean cross-entropy of the maps of N real pictures and then their N forgeries.

    ``forged`` (N, 1, S/16, S/16) is the forged share of each cell of the forgeries. Forgeries with NaN
    (unknown) are left out.
    """
    targets = torch.cat([torch.zeros_like(forged), forged])
    known = targets.isfinite().all(dim=(1, 2, 3))
    losses = []
    for values in maps:
        expected = functional.adaptive_avg_pool2d(targets[known], (values.shape[2], values.shape[3]))
        losses.append(functional.binary_cross_entropy_with_logits(values[known].float(), expected))
    return torch.stack(losses).mean()
