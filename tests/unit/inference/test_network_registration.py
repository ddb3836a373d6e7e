"""A network from outside the package is served after register_network alone."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from inference import networks
from inference.checkpoint import load_checkpoint
from inference.detector import Detector
from inference.errors import DuplicateNetworkError
from inference.foreign_weights import Origin, import_model
from inference.media import decode
from inference.networks import Network, build_network, find_network, register_network
from inference.normalisation import IMAGENET, Normalisation
from tests.unit.inference.media_samples import still
from tests.unit.inference.random_checkpoint import random_checkpoint, save

SIZE = 96  # pixels


class TinyNetwork(nn.Module):
    """One convolution and a linear layer; keeps its last input."""

    def __init__(self, dropout: float) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 4, 16, stride=16), nn.ReLU(), nn.AvgPool2d(2))
        self.classifier = nn.Sequential(nn.Dropout(dropout), nn.Linear(4, 1))
        self.pixels = torch.empty(0)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.pixels = x
        logits: torch.Tensor = self.classifier(self.features(x).mean(dim=(2, 3)))
        return logits


TINY = Network("tiny", TinyNetwork, input_size=SIZE, normalisation=Normalisation((0.5,) * 3, (0.25,) * 3))


@pytest.fixture(autouse=True)
def _undo_registrations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(networks, "_registered", dict(networks._registered))


def test_registered_network_is_loaded_and_gives_scores(tmp_path: Path) -> None:
    # given a network from outside the package, and a checkpoint of it on disk
    register_network(TINY)
    save(random_checkpoint(network="tiny", input_size=SIZE, tag=0.0, suspect=0.0), tmp_path)

    # when the detector loads it and analyses a portrait
    checkpoint = load_checkpoint(tmp_path)
    detector, media = Detector(checkpoint, device="cpu"), decode(still("JPEG"))
    (analysis,) = detector.analyse([media])

    # then the score comes from this network, which got the crop in its size and normalisation
    assert isinstance(checkpoint.network, TinyNetwork)
    assert analysis.score is not None
    crop = checkpoint.crop(media.frames[0].image, analysis.faces[0].box)
    expected = (torch.from_numpy(crop).permute(2, 0, 1)[None] / 255 - 0.5) / 0.25
    torch.testing.assert_close(checkpoint.network.pixels, expected)
    logit = checkpoint.network(expected)
    assert analysis.score == pytest.approx(logit.sigmoid().item(), abs=1e-6)

    # and its verdict can be explained
    assert [evidence.name for evidence in detector.explain(media, analysis, 60.0)] == ["face-0-heat.jpg"]


def test_weights_are_imported_at_the_default_size_of_their_network(tmp_path: Path) -> None:
    register_network(TINY)
    torch.save(build_network("tiny").state_dict(), tmp_path / "w.pth")

    card = import_model(tmp_path / "w.pth", Origin("mine", "1", "tiny", licence="own", data="own"), tmp_path)

    assert card.input_size == SIZE


@pytest.mark.parametrize("name", ["tiny", "efficientnet_lite0"])
def test_duplicate_name_is_rejected(name: str) -> None:
    register_network(TINY)
    taken = find_network(name)

    with pytest.raises(DuplicateNetworkError, match=f"a network named '{name}' is already registered"):
        register_network(Network(name, TinyNetwork))

    assert find_network(name) is taken


@pytest.mark.parametrize("size", [0, -32, 100])
def test_invalid_input_size_is_rejected(size: int) -> None:
    with pytest.raises(ValueError, match=f"input size of tiny is {size}"):
        Network("tiny", TinyNetwork, input_size=size)


def test_built_in_networks_expect_224_pixels_and_the_normalisation_of_imagenet() -> None:
    for network in networks.BUILT_IN:
        assert (network.input_size, network.normalisation) == (224, IMAGENET)
    white = random_checkpoint().normalise([np.full((8, 8, 3), 255, np.uint8)])
    assert white[0, :, 0, 0].tolist() == pytest.approx([2.2489, 2.4286, 2.64], abs=1e-4)
