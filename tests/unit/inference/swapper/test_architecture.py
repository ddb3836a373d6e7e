"""The networks compute what the paper and the official code define, written out here step by step."""

import pytest
import torch
from torch.nn import functional

from inference.swapper.generator import Generator
from inference.swapper.variant import Variant
from inference.swapper.weights import encoder_from
from tests.unit.inference.swapper.published_entries import ENCODER, State, random_state

MEAN = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
STD = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)


def varied(state: State) -> State:
    """Return weights whose norms and slopes differ from their initial values."""
    random = torch.Generator().manual_seed(3)
    return {
        key: value + torch.rand(value.shape, generator=random) * 0.3 if value.dim() == 1 else value
        for key, value in state.items()
    }


def norm(x: torch.Tensor, state: State, name: str) -> torch.Tensor:
    shape = (1, -1, *[1] * (x.dim() - 2))
    values = ("weight", "bias", "running_mean", "running_var")
    weight, bias, mean, variance = (state[f"{name}.{value}"].view(shape) for value in values)
    return (x - mean) / (variance + 1e-5).sqrt() * weight + bias


def adaptive_norm(x: torch.Tensor, style: torch.Tensor) -> torch.Tensor:
    x = x - x.mean(dim=(2, 3), keepdim=True)
    x = x / ((x * x).mean(dim=(2, 3), keepdim=True) + 1e-8).sqrt()
    scale, shift = style.view(len(x), 2, -1, 1, 1).unbind(dim=1)
    return x * (scale + 1) + shift


def padded_convolution(x: torch.Tensor, state: State, name: str) -> torch.Tensor:
    weight = state[f"{name}.weight"]
    x = functional.pad(x, [weight.shape[-1] // 2] * 4, mode="reflect")
    return functional.conv2d(x, weight, state[f"{name}.bias"])


def simswap(state: State, x: torch.Tensor, identity: torch.Tensor, depth: int) -> torch.Tensor:
    x = norm(padded_convolution(x, state, "first_layer.1"), state, "first_layer.2").relu()
    for number in range(1, depth + 1):
        down = f"down{number}"
        x = functional.conv2d(x, state[f"{down}.0.weight"], state[f"{down}.0.bias"], stride=2, padding=1)
        x = norm(x, state, f"{down}.1").relu()
    for block in (f"BottleNeck.{index}" for index in range(9)):
        styles = [
            functional.linear(
                identity, state[f"{block}.{style}.linear.weight"], state[f"{block}.{style}.linear.bias"]
            )
            for style in ("style1", "style2")
        ]
        y = adaptive_norm(padded_convolution(x, state, f"{block}.conv1.1"), styles[0]).relu()
        x = x + adaptive_norm(padded_convolution(y, state, f"{block}.conv2.1"), styles[1])
    for number in range(depth, 0, -1):
        up = f"up{number}"
        x = functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
        x = functional.conv2d(x, state[f"{up}.1.weight"], state[f"{up}.1.bias"], padding=1)
        x = norm(x, state, f"{up}.2").relu()
    return padded_convolution(x, state, "last_layer.1")


@pytest.mark.parametrize("deep", [False, True])
def test_generator(deep: bool) -> None:
    torch.manual_seed(0)
    faces, identities = torch.rand(2, 3, 32, 32), functional.normalize(torch.randn(2, 512))
    people, training = (Generator(variant, width=1 / 8, deep=deep).eval() for variant in Variant)
    state = varied(people.state_dict())
    people.load_state_dict(state)
    training.load_state_dict(state)
    depth = 4 if deep else 3

    with torch.inference_mode():
        swapped = people(faces, identities), training(faces, identities)

    expected_people = (simswap(state, faces, identities, depth).tanh() + 1) / 2
    expected_training = simswap(state, (faces - MEAN) / STD, identities, depth) * STD + MEAN
    assert torch.allclose(swapped[0], expected_people, atol=1e-5)
    assert torch.allclose(swapped[1], expected_training, atol=1e-4)


def convolution(x: torch.Tensor, state: State, name: str, stride: int, padding: int) -> torch.Tensor:
    return functional.conv2d(x, state[f"{name}.weight"], stride=stride, padding=padding)


def residual(x: torch.Tensor, state: State, block: str, stride: int) -> torch.Tensor:
    slope = state[f"{block}.prelu.weight"]
    y = convolution(norm(x, state, f"{block}.bn0"), state, f"{block}.conv1", 1, 1)
    y = functional.prelu(norm(y, state, f"{block}.bn1"), slope)
    y = norm(convolution(y, state, f"{block}.conv2", stride, 1), state, f"{block}.bn2")
    first, second = f"{block}.se.fc.0", f"{block}.se.fc.2"
    weights = functional.linear(y.mean(dim=(2, 3)), state[f"{first}.weight"], state[f"{first}.bias"])
    weights = functional.prelu(weights, state[f"{block}.se.fc.1.weight"])
    weights = functional.linear(weights, state[f"{second}.weight"], state[f"{second}.bias"]).sigmoid()
    y = y * weights[:, :, None, None]
    if f"{block}.downsample.0.weight" in state:
        x = norm(convolution(x, state, f"{block}.downsample.0", stride, 0), state, f"{block}.downsample.1")
    return functional.prelu(x + y, slope)


def test_identity_encoder() -> None:
    state = varied(random_state(ENCODER))
    faces = torch.rand(2, 3, 112, 112, generator=torch.Generator().manual_seed(0))

    with torch.inference_mode():
        found = encoder_from(state)(faces)

    x = norm(convolution((faces - MEAN) / STD, state, "conv1", 1, 0), state, "bn1")
    x = functional.max_pool2d(functional.prelu(x, state["prelu.weight"]), kernel_size=2, stride=2)
    strides = {"layer1.0": 1, "layer2.0": 2, "layer2.1": 1, "layer3.0": 2, "layer4.0": 2}
    for block, stride in strides.items():
        x = residual(x, state, block, stride)
    x = norm(x, state, "bn2").reshape(2, 512 * 7 * 7)
    x = norm(functional.linear(x, state["fc.weight"], state["fc.bias"]), state, "bn3")
    assert torch.allclose(found, x / x.norm(dim=1, keepdim=True), atol=1e-5)
