"""Localisation heads: layers on a network's last features that predict which parts of a crop are forged.

They are trained on masks, similar to Face X-ray (Li et al., CVPR 2020). A network gives the same logits with
and without heads, and the heads cost nothing unless they are used.
"""

import torch
from torch import nn

CELL = 16  # pixels of the crop; the finer stride of the maps
STRIDES = (CELL, 32)  # for example 14 x 14 and 7 x 7 cells for crops of 224 pixels
HEADS = "heads"


def add_heads(network: nn.Module) -> nn.Module:
    """Add heads with random weights to ``network`` and return it.

    It must have ``features``, a sequence of layers, and a ``classifier`` of their spatial mean.
    """
    device = next(network.parameters()).device
    heads = nn.ModuleList(nn.Conv2d(channels, 1, 1).to(device) for channels in _last_channels(network))
    heads.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # stubs lack it
    network.add_module(HEADS, heads)
    return network


def heads_of(network: nn.Module) -> nn.ModuleList | None:
    """Return the network's heads, one for each of ``STRIDES``; None if it has no heads."""
    heads = getattr(network, HEADS, None)
    return heads if isinstance(heads, nn.ModuleList) else None


def locate(network: nn.Module, pixels: torch.Tensor) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """Return the logits (N, 1) of normalised crops (N, 3, S, S) and a map of logits (N, 1, s, s) per head.

    The list of maps is empty if the network has no heads.
    """
    heads = heads_of(network)
    if heads is None:
        return network(pixels), []
    features, last = _features(network, pixels)
    logits: torch.Tensor = network.get_submodule("classifier")(features.mean(dim=(2, 3)))
    return logits, [head(last[stride]) for head, stride in zip(heads, STRIDES, strict=True)]


def _features(network: nn.Module, pixels: torch.Tensor) -> tuple[torch.Tensor, dict[int, torch.Tensor]]:
    """Return the last features, and the last features at each stride."""
    x, last = pixels, {}
    for layer in network.get_submodule("features").children():
        x = layer(x)
        last[pixels.shape[-1] // x.shape[-1]] = x
    return x, last


def _last_channels(network: nn.Module) -> list[int]:
    reference = next(network.parameters())
    training = network.training
    network.eval()  # the zeros must not change the statistics of batch norms
    with torch.no_grad():
        probe = torch.zeros(1, 3, 64, 64, device=reference.device, dtype=reference.dtype)
        _, last = _features(network, probe)
    network.train(training)
    return [last[stride].shape[1] for stride in STRIDES]
