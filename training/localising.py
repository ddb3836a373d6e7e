"""A second thing to learn beside real or forged: where. It costs next to nothing and is thrown away after.

One label for a whole picture says little of a trace of a few pixels. Small heads on the last features say
for each cell of the picture whether it is forged, as Face X-ray (Li et al., CVPR 2020) and its kin do; the
features learn to tell a part of a face from its surroundings.
"""

import torch
from torch import nn
from torch.nn import functional

CELL = 16  # pixels; stride of the finer map, and of what is kept of a mask
STRIDES = (CELL, 32)
FORGED_FROM = 0.1  # of a mask's opacity; fainter pastes are not told from their surroundings


def cells(masks: torch.Tensor) -> torch.Tensor:
    """Return (N, 1, S/16, S/16): the share of each cell that masks (N, 1, S, S) cover; NaN stays."""
    covered = torch.where(masks.isnan(), masks, (masks > FORGED_FROM).to(masks.dtype))
    return functional.avg_pool2d(covered, CELL)


class Localiser(nn.Module):
    """A detector with heads: pixels (N, 3, S, S) in, logits (N, 1) and maps of logits (N, 1, s, s) out."""

    def __init__(self, network: nn.Module) -> None:
        """Raises AttributeError for a network without ``features``, a sequence of layers."""
        super().__init__()
        self.network = network
        self._layers = deepest_layers(network)
        device = next(network.parameters()).device
        self.heads = nn.ModuleList(nn.Conv2d(channels, 1, 1).to(device) for _, channels in self._layers)
        self.heads.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # stubs lack it

    def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """Return the logits, and for each of ``STRIDES`` where the network sees a forgery."""
        seen: list[torch.Tensor] = []
        features = self.network.get_submodule("features")
        hooks = [
            features.get_submodule(name).register_forward_hook(lambda _m, _i, output: seen.append(output))
            for name, _ in self._layers
        ]
        try:
            logits = self.network(pixels)
        finally:
            for hook in hooks:
                hook.remove()
        return logits, [head(feature) for head, feature in zip(self.heads, seen, strict=True)]


def deepest_layers(network: nn.Module) -> list[tuple[str, int]]:
    """Return (name in ``features``, channels) of the last layer at each of ``STRIDES``."""
    features = network.get_submodule("features")
    reference = next(network.parameters())
    x = torch.zeros(1, 3, 64, 64, device=reference.device, dtype=reference.dtype)
    last: dict[int, tuple[str, int]] = {}
    training = features.training
    features.eval()  # no statistic may see the zeros
    with torch.no_grad():
        for name, layer in features.named_children():
            x = layer(x)
            last[64 // x.shape[-1]] = name, x.shape[1]
    features.train(training)
    return [last[stride] for stride in STRIDES]


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
