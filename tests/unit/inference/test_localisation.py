"""Localisation heads fit all served networks and do not change their logits."""

import pytest
import torch

from inference.localisation import add_heads, heads_of, locate
from inference.networks import build_network


@pytest.mark.parametrize("name", ["efficientnet_lite0", "efficientnet_v2_s"])
def test_heads_use_the_last_features_of_two_strides(name):
    # given a network and its logits
    network = build_network(name).eval()
    pixels = torch.rand(2, 3, 96, 96)
    with torch.inference_mode():
        alone, (same, none) = network(pixels), locate(network, pixels)
        logits, maps = locate(add_heads(network), pixels)

    # then the logits stay the same, and there is a map with cells of 16 px and one with cells of 32 px
    assert torch.equal(same, alone)
    assert none == []
    torch.testing.assert_close(logits, alone)
    assert [tuple(logit_map.shape) for logit_map in maps] == [(2, 1, 6, 6), (2, 1, 3, 3)]


def test_adding_heads_changes_no_statistics():
    network = build_network("efficientnet_lite0").train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    heads = heads_of(add_heads(network))
    assert [head.in_channels for head in heads] == [112, 1280]
    assert all(torch.equal(network.state_dict()[name], value) for name, value in before.items())
    assert network.features.training


def test_network_is_built_with_heads_on_request():
    assert heads_of(build_network("efficientnet_lite0")) is None
    keys = build_network("efficientnet_lite0", localises=True).state_dict().keys()
    assert {"heads.0.weight", "heads.1.bias"} < keys
