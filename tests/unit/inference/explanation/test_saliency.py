"""Heat maps point at the part of the crop that the network responds to."""

import numpy as np
import pytest
import torch
from torch import nn

from inference.explanation.saliency import respond, saliency
from inference.localisation import add_heads, heads_of
from inference.networks import build_network


class RedFinder(nn.Module):
    """Like the real networks, features and a classifier of their mean, but it responds only to red."""

    def __init__(self) -> None:
        super().__init__()
        look = nn.Conv2d(3, 1, 16, stride=16, bias=False)
        with torch.no_grad():
            look.weight.copy_(torch.tensor([1.0, -1.0, -1.0]).view(1, 3, 1, 1).expand_as(look.weight))
        self.features = nn.Sequential(look, nn.ReLU(), nn.AvgPool2d(2))
        self.classifier = nn.Linear(1, 1, bias=False)
        nn.init.ones_(self.classifier.weight)
        self.requires_grad_(False)


def crops_with_red(*places: tuple[int, int]) -> torch.Tensor:
    """(N, 3, 224, 224): green noise, and a red square of 32 pixels at (x, y)."""
    crops = torch.rand((len(places), 3, 224, 224), generator=torch.Generator().manual_seed(1))
    crops[:, 0] = 0.0
    for crop, (x, y) in zip(crops, places, strict=True):
        crop[:, y : y + 32, x : x + 32] = torch.tensor([1.0, 0.0, 0.0]).view(3, 1, 1)
    return crops


@pytest.mark.parametrize("place", [(0, 0), (32, 128), (160, 64), (192, 192)])
def test_the_map_points_at_the_planted_patch(place: tuple[int, int]) -> None:
    x, y = place

    (heat,) = saliency(RedFinder(), crops_with_red(place))

    hottest_y, hottest_x = np.unravel_index(int(heat.argmax()), heat.shape)
    assert x <= hottest_x < x + 32
    assert y <= hottest_y < y + 32
    around = heat[max(y - 32, 0) : y + 64, max(x - 32, 0) : x + 64]
    assert around.sum() > 0.95 * heat.sum()


def test_each_crop_of_a_batch_has_its_own_map() -> None:
    places = [(0, 0), (160, 160)]
    together = saliency(RedFinder(), crops_with_red(*places))
    alone = [saliency(RedFinder(), crops_with_red(*places)[n : n + 1])[0] for n in range(2)]
    np.testing.assert_allclose(together, alone, atol=1e-6)


def test_the_map_is_zero_if_nothing_indicates_a_forgery() -> None:
    crops = crops_with_red((0, 0))
    crops[:, 0] = 0.0
    assert saliency(RedFinder(), crops).max() == 0.0


@pytest.mark.parametrize("name", ["efficientnet_lite0", "efficientnet_v2_s"])
def test_the_networks_that_are_served_can_be_explained(name: str) -> None:
    torch.manual_seed(0)
    network = build_network(name).requires_grad_(False).eval()
    crops = torch.rand(1, 3, 224, 224)

    with torch.inference_mode():
        before = network(crops)
        maps, again = saliency(network, crops), saliency(network, crops)
        after = network(crops)

    assert (maps.shape, maps.dtype) == ((1, 224, 224), np.float32)
    assert maps.min() >= 0.0
    assert maps.max() == pytest.approx(1.0)
    np.testing.assert_array_equal(maps, again)
    torch.testing.assert_close(before, after, rtol=0, atol=0)
    assert [response.activations.shape[-1] for response in respond(network, crops)] == [14, 7]


def test_heads_are_used_if_a_network_has_them() -> None:
    # given a network with heads that respond to red, at 14 x 14 and 7 x 7 cells
    network = RedFinder()
    network.features = nn.Sequential(*network.features[:2], nn.AvgPool2d(2))
    add_heads(network).requires_grad_(False)
    for head in heads_of(network):
        head.weight.fill_(40.0)
        head.bias.fill_(-10.0)

    # when two crops are explained, and only one contains red
    crops = crops_with_red((160, 64), (0, 0))
    crops[1, 0] = 0.0
    forged, authentic = saliency(network, crops)

    # then the first map is hot there and the other cold everywhere: neither is rescaled
    assert forged[72:88, 168:184].min() > 0.9
    assert forged[:40].max() < 0.1
    assert authentic.max() < 0.1
