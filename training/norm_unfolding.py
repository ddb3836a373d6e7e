"""Restore the batch norms of a network that was trained with folded norms.

Without norms a network behaves the same in training and in production, independent of its batches.
"""

import torch
from torch import nn


@torch.no_grad()
def unfold_norms(folded: nn.Module, network: nn.Module) -> nn.Module:
    """Return ``network``, which has norms, with weights that make it equivalent to ``folded``."""
    own, other = dict(network.named_modules()), dict(folded.named_modules())
    for name, module in own.items():
        if isinstance(module, nn.BatchNorm2d):
            assert module.running_mean is not None
            assert module.running_var is not None
            module.running_mean.zero_()
            module.running_var.fill_(1 - module.eps)
            module.weight.fill_(1)
            parent, _, last = name.rpartition(".")
            module.bias.copy_(other[f"{parent}.{int(last) - 1}"].bias)  # the convolution before it
        elif isinstance(module, nn.Conv2d | nn.Linear):
            module.weight.copy_(other[name].weight)
            if module.bias is not None:
                module.bias.copy_(other[name].bias)
    return network
