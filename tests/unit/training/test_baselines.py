"""Baselines: their runs are valid, and their networks can be trained."""

from pathlib import Path

import pytest
import torch

from inference.networks import build_network
from inference.networks.mesonet4 import GRID, MesoNet4
from training.config import read_config
from training.imagenet import load_imagenet
from training.localisation import NetworkWithMaps
from training.norm_unfolding import unfold_norms
from training.run import start
from training.train import train_step

BASELINES = Path(__file__).parents[3] / "training" / "baselines"


@pytest.mark.parametrize(("name", "strength"), [("origin", 0.0), ("mesonet4", 0.5)])
def test_baseline_learns_from_a_batch(name, strength, batch):
    # given the run without its ImageNet weights
    config = read_config(BASELINES / f"{name}.toml").model_copy(update={"imagenet": False})
    assert [(phase.size, phase.strength) for phase in config.phases] == [(224, strength)]
    run = start(config, torch.device("cpu"))
    before = [parameter.clone() for parameter in run.network.parameters()]

    # when it learns from four crops
    losses = train_step(run, NetworkWithMaps(run.network.train()), batch, config, 1e-3)

    # then its first and last layers have changed
    assert torch.isfinite(losses.classification)
    for old, new in list(zip(before, run.network.parameters(), strict=True))[:: len(before) - 1]:
        assert not torch.equal(old, new)


def test_origin_starts_from_imagenet_and_has_dropout_on_its_two_logits():
    # given its network
    network = build_network("efficientnet_lite0_origin", 0.5)
    load_imagenet("efficientnet_lite0_origin", network)
    linear, dropout, _ = network.classifier

    # then it has the features of EfficientNet-Lite0, and dropout after its two logits
    other = build_network("efficientnet_lite0", localises=True)  # its heads have no ImageNet weights
    load_imagenet("efficientnet_lite0", other)
    for key, value in other.features.state_dict().items():
        assert torch.equal(network.features.state_dict()[key], value), key
    assert (linear.out_features, dropout.p) == (2, 0.5)


def test_origin_can_be_folded_and_unfolded():
    # given a run of it with folded norms
    config = read_config(BASELINES / "origin.toml").model_copy(update={"imagenet": False})
    folded = start(config, torch.device("cpu")).average.eval()
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in folded.modules())

    # when unfolded
    unfolded = unfold_norms(folded, build_network(config.network)).eval()

    # then the outputs are equal
    crops = torch.randn(2, 3, 64, 64)
    with torch.inference_mode():
        assert torch.allclose(folded(crops), unfolded(crops), atol=1e-4)


def test_mesonet_has_its_original_grid():
    # given crops of 224 px
    network = MesoNet4(0.5).eval()
    with torch.inference_mode():
        maps = network.features[:-1](torch.zeros(1, 3, 224, 224))

    # then the last map has the size that the classifier expects
    assert maps.shape == (1, 16, GRID, GRID)
