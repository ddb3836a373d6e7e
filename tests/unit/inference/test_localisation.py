"""Heads that say where: on every network of the family, without a change to its verdicts."""

import pytest
import torch

from inference.localisation import add_heads, heads_of, locate
from inference.networks import build_network


@pytest.mark.parametrize("name", ["efficientnet_lite0", "efficientnet_v2_s"])
def test_heads_look_at_the_last_features_of_two_strides(name):
    # given a network of the family, and its logits
    network = build_network(name).eval()
    pixels = torch.rand(2, 3, 96, 96)
    with torch.inference_mode():
        alone, (same, none) = network(pixels), locate(network, pixels)
        logits, maps = locate(add_heads(network), pixels)

    # then the logits stay what they are, and there is a map of 16 px cells and one of 32 px cells
    assert torch.equal(same, alone)
    assert none == []
    torch.testing.assert_close(logits, alone)
    assert [tuple(each.shape) for each in maps] == [(2, 1, 6, 6), (2, 1, 3, 3)]


def test_looking_for_the_layers_leaves_the_statistics_alone():
    network = build_network("efficientnet_lite0").train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    heads = heads_of(add_heads(network))
    assert [head.in_channels for head in heads] == [112, 1280]
    assert all(torch.equal(network.state_dict()[name], value) for name, value in before.items())
    assert network.features.training


def test_network_is_built_with_heads_where_its_card_says_so():
    assert heads_of(build_network("efficientnet_lite0")) is None
    keys = build_network("efficientnet_lite0", localises=True).state_dict().keys()
    assert {"heads.0.weight", "heads.1.bias"} < keys
