"""Folding and unfolding norms keeps the function of a network."""

import pytest
import torch
from torch import nn

from inference.networks import build_network
from inference.norm_folding import fold_norms
from training.norm_unfolding import unfold_norms


def _with_random_norms(name: str) -> nn.Module:
    """Return a network with non-trivial norms."""
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
    network, pixels = _with_random_norms(name), torch.rand(2, 3, 64, 64)
    with torch.inference_mode():
        expected = network(pixels)

    # when its norms are folded and then unfolded
    folded = fold_norms(network)
    unfolded = unfold_norms(folded, build_network(name)).eval()

    # then no norm is left in between, and all outputs are equal
    assert not any(isinstance(module, nn.BatchNorm2d) for module in folded.modules())
    with torch.inference_mode():
        assert torch.allclose(folded.eval()(pixels), expected, atol=1e-4)
        assert torch.allclose(unfolded(pixels), expected, atol=1e-4)
    assert all(parameter.requires_grad for parameter in folded.parameters())
