"""Folded norms: the same function, and back."""

import pytest
import torch
from torch import nn

from inference.folding import fold_norms
from inference.network import build_network
from training.norm_unfolding import unfold_norms


def _used(name: str) -> nn.Module:
    """A network whose norms have seen something."""
    torch.manual_seed(1)
    network = build_network(name)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.2)
            module.running_var.uniform_(0.5, 2)
            module.weight.data.uniform_(0.5, 1.5)
            module.bias.data.normal_(0, 0.2)
    return network.eval()


@pytest.mark.parametrize("name", ["efficientnet_lite0", "efficientnet_v2_s"])
def test_folding_and_unfolding_keep_what_a_network_computes(name):
    # given a network
    network, pixels = _used(name), torch.rand(2, 3, 64, 64)
    with torch.inference_mode():
        told = network(pixels)

    # when its norms are folded, and given back to another
    folded = fold_norms(network)
    unfolded = unfold_norms(folded, build_network(name)).eval()

    # then no norm was left, and all say the same
    assert not any(isinstance(module, nn.BatchNorm2d) for module in folded.modules())
    with torch.inference_mode():
        assert torch.allclose(folded.eval()(pixels), told, atol=1e-4)
        assert torch.allclose(unfolded(pixels), told, atol=1e-4)
    assert all(parameter.requires_grad for parameter in folded.parameters())
