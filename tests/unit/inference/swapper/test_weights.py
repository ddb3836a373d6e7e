"""Weights with the published names and shapes load strictly; each wrong entry is named."""

from collections.abc import Callable

import pytest
import torch
from torch import nn

from inference.errors import SwapperWeightsError
from inference.swapper.generator import Generator
from inference.swapper.variant import Variant
from inference.swapper.weights import State, encoder_from, generator_from
from tests.unit.inference.swapper.published_entries import (
    DEEP_GENERATOR,
    ENCODER,
    GENERATOR,
    empty_state,
    random_state,
    shapes,
)

SIZES = ("first_layer.1.bias", "down1.0.bias", "down2.0.bias")  # which the width is read from


def people(state: State) -> nn.Module:
    return generator_from(state, Variant.PEOPLE)


def test_tables_have_the_published_number_of_entries() -> None:
    assert (len(shapes(GENERATOR)), len(shapes(DEEP_GENERATOR))) == (123, 137)


@pytest.mark.parametrize("variant", list(Variant))
@pytest.mark.parametrize(("table", "depth"), [(GENERATOR, 3), (DEEP_GENERATOR, 4)])
def test_published_generator_loads(variant: Variant, table: str, depth: int) -> None:
    network = generator_from(empty_state(table), variant)

    assert (network.variant, network.width, network.depth) == (variant, 1.0, depth)
    assert set(network.state_dict()) == set(shapes(table))


@pytest.mark.parametrize("variant", list(Variant))
def test_published_generator_swaps(variant: Variant) -> None:
    # given weights of the full size
    state = random_state(GENERATOR)
    network = generator_from(state, variant)
    identities = torch.eye(2, 512)

    swapped = network(torch.full((2, 3, 224, 224), 0.5), identities)

    assert swapped.shape == (2, 3, 224, 224)
    assert not torch.equal(swapped[0], swapped[1])
    assert not network.training
    assert all(torch.equal(network.state_dict()[key], value) for key, value in state.items())


def test_published_encoder_loads() -> None:
    encoder = encoder_from(random_state(ENCODER))

    assert encoder.blocks == (1, 2, 1, 1)
    assert set(encoder.state_dict()) == set(shapes(ENCODER))


CASES = pytest.mark.parametrize(
    ("build", "table", "key"),
    [
        (build, table, key)
        for build, table in ((people, GENERATOR), (encoder_from, ENCODER))
        for key in dict.fromkeys([*list(shapes(table))[::6], *(SIZES if table is GENERATOR else ())])
    ],
)


@CASES
def test_missing_entry_is_named(build: Callable[[State], nn.Module], table: str, key: str) -> None:
    state = empty_state(table)
    del state[key]

    with pytest.raises(SwapperWeightsError, match=f": {key} is missing; give the file"):
        build(state)


@CASES
def test_entry_of_another_shape_is_named(build: Callable[[State], nn.Module], table: str, key: str) -> None:
    state = empty_state(table)
    state[key] = torch.empty(7, *state[key].shape, device="meta")

    with pytest.raises(SwapperWeightsError, match=rf": {key} has the shape \[7.* instead of .*; give"):
        build(state)


@pytest.mark.parametrize(("build", "table"), [(people, GENERATOR), (encoder_from, ENCODER)])
def test_unknown_entry_is_named(build: Callable[[State], nn.Module], table: str) -> None:
    state = empty_state(table) | {"last_layer.1.weight_orig": torch.zeros(1)}

    with pytest.raises(SwapperWeightsError, match=r"'last_layer\.1\.weight_orig' is unknown"):
        build(state)


@pytest.mark.parametrize("build", [people, encoder_from])
def test_weights_of_another_network_are_refused(build: Callable[[State], nn.Module]) -> None:
    with pytest.raises(SwapperWeightsError, match=r"is missing, and \d+ other entries do not fit; give"):
        build({"features.0.weight": torch.zeros(2, 2)})


@pytest.mark.parametrize("channels", [0, 10**9])
def test_stranger_does_not_choose_the_size_that_is_built(channels: int) -> None:
    state = empty_state(GENERATOR)
    for key in SIZES:
        state[key] = torch.empty(channels, device="meta")

    with pytest.raises(SwapperWeightsError, match=r"first_layer\.1\.weight has the shape"):
        people(state)


def test_width_follows_from_the_weights() -> None:
    with torch.device("meta"):
        narrow = Generator(Variant.TRAINING, width=0.25)

    assert generator_from(narrow.state_dict(), Variant.TRAINING).width == 0.25
