"""The built-in networks: one logit per crop, found by name."""

import subprocess
import sys

import pytest
import torch

from inference.errors import UnknownNetworkError
from inference.networks import build_network


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("efficientnet_lite0", 3_372_289),
        ("efficientnet_v2_s", 20_178_769),
        ("efficientnet_lite0_origin", 3_373_570),
        ("mesonet4", 24_137),
    ],
)
def test_network_gives_one_logit_per_crop(name, parameters):
    # given a network in eval mode
    network = build_network(name).eval()

    # when two crops go in
    with torch.inference_mode():
        logits = network(torch.zeros(2, 3, 64, 64))

    # then two numbers come out
    assert logits.shape == (2, 1)
    assert sum(p.numel() for p in network.parameters()) == parameters


def test_origin_s_logit_is_the_difference_of_two():
    # given weights with which only the biases contribute to the logit
    network = build_network("efficientnet_lite0_origin").eval()
    torch.nn.init.zeros_(network.classifier[0].weight)
    network.classifier[0].bias.data = torch.tensor([-1.0, 2.0])

    # then the sigmoid of the logit is the softmax probability of forged
    with torch.inference_mode():
        logit = network(torch.zeros(1, 3, 32, 32))
    assert torch.sigmoid(logit).item() == pytest.approx(torch.tensor([-1.0, 2.0]).softmax(0)[1].item())


def test_unknown_name_is_reported_with_the_known_ones():
    with pytest.raises(UnknownNetworkError, match=r"'resnet50'; the known ones are efficientnet_lite0, eff"):
        build_network("resnet50")


def test_importing_the_networks_does_not_import_torchvision():
    program = "import sys, inference.networks; print('torchvision' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", program], text=True) == "False\n"
