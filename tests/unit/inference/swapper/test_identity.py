"""The identity encoder: normalised identities that depend on the face."""

import pytest
import torch

from inference.errors import SwapperInputError
from inference.swapper.identity import IdentityEncoder
from inference.swapper.weights import encoder_from
from tests.unit.inference.swapper.published_entries import ENCODER, random_state


@pytest.fixture(scope="module")
def encoder() -> IdentityEncoder:
    return encoder_from(random_state(ENCODER))


def test_faces_become_unit_vectors_that_differ(encoder: IdentityEncoder) -> None:
    faces = torch.rand(3, 3, 112, 112, generator=torch.Generator().manual_seed(0))

    identities = encoder(faces)

    assert identities.shape == (3, 512)
    assert identities.norm(dim=1).tolist() == pytest.approx([1, 1, 1], abs=1e-5)
    assert (identities[0] @ identities[1]).item() < 0.99999
    assert torch.allclose(encoder(faces[:1])[0], identities[0], atol=1e-5)


@pytest.mark.parametrize("shape", [(1, 3, 224, 224), (3, 112, 112), (1, 1, 112, 112), (1, 112, 112, 3)])
def test_other_shapes_are_refused(encoder: IdentityEncoder, shape: tuple[int, ...]) -> None:
    with pytest.raises(SwapperInputError, match=r"they must be \(N, 3, 112, 112\)"):
        encoder(torch.zeros(shape))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_gpu_gives_what_the_cpu_gives(encoder: IdentityEncoder) -> None:
    faces = torch.rand(2, 3, 112, 112)

    assert torch.allclose(encoder.cuda()(faces.cuda()).cpu(), encoder.cpu()(faces), atol=1e-2)
