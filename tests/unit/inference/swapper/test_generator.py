"""The generator: what it takes and gives, in both variants and at several sizes."""

import pytest
import torch
from torch.nn import functional

from inference.errors import SwapperInputError
from inference.swapper.generator import Generator
from inference.swapper.variant import Variant

VARIANTS = pytest.mark.parametrize("variant", list(Variant))


def small(variant: Variant, *, deep: bool = False) -> Generator:
    torch.manual_seed(0)
    return Generator(variant, width=1 / 8, deep=deep).requires_grad_(False).eval()


def faces(count: int = 2, size: int = 64) -> torch.Tensor:
    return torch.rand(count, 3, size, size, generator=torch.Generator().manual_seed(1))


def identities(count: int = 2) -> torch.Tensor:
    return functional.normalize(torch.randn(count, 512, generator=torch.Generator().manual_seed(2)))


@VARIANTS
@pytest.mark.parametrize(("deep", "size"), [(False, 16), (False, 224), (True, 32), (True, 224)])
def test_faces_keep_their_shape(variant: Variant, deep: bool, size: int) -> None:
    swapped = small(variant, deep=deep)(faces(size=size), identities())

    assert swapped.shape == (2, 3, size, size)
    assert torch.isfinite(swapped).all()


@VARIANTS
def test_identity_changes_the_face(variant: Variant) -> None:
    # given the same face twice, with two identities
    swapped = small(variant)(faces(1).expand(2, -1, -1, -1), identities())

    assert (swapped[0] - swapped[1]).abs().max() > 1e-3


@VARIANTS
def test_a_batch_gives_what_each_face_gives_alone(variant: Variant) -> None:
    network = small(variant)

    together = network(faces(), identities())

    for index in range(2):
        alone = network(faces()[index : index + 1], identities()[index : index + 1])
        assert torch.allclose(together[index], alone[0], atol=1e-5)


@pytest.mark.parametrize("gain", [1, 1000])
def test_output_of_people_is_in_the_unit_range(gain: int) -> None:
    # given weights that exaggerate
    network = small(Variant.PEOPLE)
    network.get_parameter("last_layer.1.weight").mul_(gain)

    swapped = network(faces(), identities())

    assert (swapped.min().item() >= 0, swapped.max().item() <= 1) == (True, True)


def test_width_scales_the_parameters() -> None:
    def parameters(width: float) -> int:
        with torch.device("meta"):
            network = Generator(Variant.PEOPLE, width=width)
        return sum(parameter.numel() for parameter in network.parameters())

    assert parameters(1.0) == 55_051_779
    # Convolutions shrink with the square of the width, styles and biases with the width.
    assert parameters(0.5) == 16_134_915
    assert parameters(0.25) < parameters(0.5) / 3


@pytest.mark.parametrize("width", [0.0, -1.0, 0.3, 1 / 128])
def test_width_without_whole_channels_is_refused(width: float) -> None:
    with pytest.raises(ValueError, match=f"the width is {width}; it must be a positive multiple of 1/64"):
        Generator(Variant.PEOPLE, width=width)


@pytest.mark.parametrize(
    ("face", "identity", "message"),
    [
        ((2, 3, 60, 60), (2, 512), r"\(2, 3, 60, 60\); they must be \(N, 3, S, S\) with S a multiple of 8"),
        ((2, 3, 8, 8), (2, 512), r"\(2, 3, 8, 8\); .* at least 16"),
        ((2, 3, 64, 32), (2, 512), r"the faces have the shape \(2, 3, 64, 32\)"),
        ((2, 64, 64, 3), (2, 512), r"the faces have the shape \(2, 64, 64, 3\)"),
        ((3, 64, 64), (1, 512), r"the faces have the shape \(3, 64, 64\)"),
        ((), (1, 512), r"the faces have the shape \(\)"),
        ((2, 3, 64, 64), (1, 512), r"shape \(1, 512\); 2 faces need \(2, 512\)"),
        ((2, 3, 64, 64), (2, 256), r"shape \(2, 256\); 2 faces need \(2, 512\)"),
    ],
)
def test_other_shapes_are_refused(face: tuple[int, ...], identity: tuple[int, ...], message: str) -> None:
    with pytest.raises(SwapperInputError, match=message):
        small(Variant.PEOPLE)(torch.zeros(face), torch.zeros(identity))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@VARIANTS
def test_gpu_gives_what_the_cpu_gives(variant: Variant) -> None:
    network = small(variant)
    expected = network(faces(), identities())

    found = network.cuda()(faces().cuda(), identities().cuda())

    assert torch.allclose(found.cpu(), expected, atol=1e-2)  # TF32
