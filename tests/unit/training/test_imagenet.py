"""ImageNet weights come from the network's description; where it has none, the error says what to do."""

from pathlib import Path

import pytest
import torch
from torch import nn

from inference import networks
from inference.errors import PretrainedWeightsError
from inference.networks import Network, build_network, register_network
from training.errors import NoInitialWeightsError
from training.imagenet import load_imagenet

ALTERNATIVES = "; name a file of them as imagenet_weights, or set imagenet = false"


def test_network_without_published_weights_is_refused() -> None:
    with pytest.raises(NoInitialWeightsError) as raised:
        load_imagenet("mesonet4", build_network("mesonet4"))

    assert str(raised.value) == f"no ImageNet weights are published for mesonet4{ALTERNATIVES}"


def test_weights_that_cannot_be_obtained_are_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    def unavailable(_: nn.Module) -> dict[str, torch.Tensor]:
        raise PretrainedWeightsError("the server does not answer")

    monkeypatch.setattr(networks, "_registered", dict(networks._registered))
    register_network(Network("remote", lambda _: nn.Identity(), imagenet_weights=unavailable))

    with pytest.raises(NoInitialWeightsError) as raised:
        load_imagenet("remote", build_network("remote"))

    assert str(raised.value) == f"the server does not answer{ALTERNATIVES}"


def test_file_replaces_the_published_weights(tmp_path: Path) -> None:
    torch.manual_seed(1)
    given, network = build_network("mesonet4"), build_network("mesonet4")
    before = network.get_parameter("classifier.2.weight").clone()
    torch.save(given.state_dict(), tmp_path / "weights.pth")

    load_imagenet("mesonet4", network, tmp_path / "weights.pth")

    for key, value in given.get_submodule("features").state_dict(prefix="features.").items():
        assert torch.equal(network.state_dict()[key], value), key
    assert torch.equal(network.get_parameter("classifier.2.weight"), before)
