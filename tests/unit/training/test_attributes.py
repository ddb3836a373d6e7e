"""Pre-training on face attributes."""

import dataclasses

import pytest
import torch

from inference.networks import build_network
from training.attributes import UNKNOWN, Attributes, attribute_loss, warm_up
from training.errors import NoPhotographsError

NAN = float("nan")


def test_attributes_are_read_from_the_photographs(photo):
    female = dataclasses.replace(photo, sex="female", age=40)
    male = dataclasses.replace(photo, sex="male", group="asian")
    attributes = Attributes.of([female, male, photo])
    assert attributes == Attributes(("female", "male"), ("asian",))
    assert attributes.target(female)[:2] == (0, UNKNOWN)
    assert attributes.target(female)[2] == pytest.approx(0.4)
    assert attributes.target(male)[:2] == (1, 0)


def test_unknown_attributes_have_no_gradient():
    attributes = Attributes(("female", "male"), ("asian", "black"))
    outputs = torch.zeros(1, 5, requires_grad=True)
    attribute_loss(outputs, torch.tensor([[1.0, UNKNOWN, NAN]]), attributes).backward()
    assert outputs.grad is not None
    assert (outputs.grad != 0).tolist() == [[True, True, False, False, False]]


def test_warm_up_moves_the_features_and_keeps_the_head(config, photo):
    # given labelled photographs of two people
    network = build_network("efficientnet_lite0")
    head, first = network.classifier[1].weight.clone(), network.features[0].weight.clone()
    photos = [dataclasses.replace(photo, sex=sex, age=30) for sex in ("female", "male")]

    # when the network is warmed up for two epochs
    reports = []
    plan = config.model_copy(update={"attribute_epochs": 2})
    warm_up(network, photos, plan, lambda done, loss: reports.append((done, loss)))

    # then its first layer has changed, and its head is unchanged
    assert [done for done, _ in reports] == [0.5, 1.0]
    assert not torch.equal(network.features[0].weight, first)
    assert torch.equal(network.classifier[1].weight, head)


def test_warm_up_without_attributes_is_refused(config, photo):
    with pytest.raises(NoPhotographsError, match="set it to 0"):
        warm_up(build_network("efficientnet_lite0"), [photo], config, lambda *_: None)
