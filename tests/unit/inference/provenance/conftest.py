"""A development chain, a signer with it, and files that it signed."""

from collections.abc import Callable
from pathlib import Path

import pytest

from inference.provenance.description import GeneratedMedia, Ingredient
from inference.provenance.development_chain import DevelopmentChain, make_development_chain
from inference.provenance.signing import MediaSigner, read_chain
from inference.provenance.signing_key import read_private_key
from tests.unit.inference.media_samples import still, video

REQUEST = GeneratedMedia(
    request_id="request-1",
    model="fakeme-swapper",
    model_version="1.2",
    ingredients=(Ingredient("source", "a" * 64), Ingredient("target", "b" * 64)),
    watermark="0011223344556677",
)
SAMPLES: dict[str, Callable[[], bytes]] = {
    "image/jpeg": lambda: still("JPEG"),
    "image/png": lambda: still("PNG"),
    "image/webp": lambda: still("WEBP"),
    "video/mp4": lambda: video("mp4", "h264"),
}


@pytest.fixture(scope="session")
def chain(tmp_path_factory: pytest.TempPathFactory) -> DevelopmentChain:
    return make_development_chain(tmp_path_factory.mktemp("chain"))


@pytest.fixture(scope="session")
def root(chain: DevelopmentChain) -> str:
    """The root certificate, PEM."""
    return Path(chain.root).read_text()


@pytest.fixture(scope="session")
def signer(chain: DevelopmentChain) -> MediaSigner:
    return MediaSigner(read_private_key(chain.private_key), read_chain(chain.chain), "0.1.0")


@pytest.fixture(scope="session")
def signed(signer: MediaSigner) -> dict[str, bytes]:
    """Each sample, signed, by media type."""
    return {kind: signer.sign(sample(), kind, REQUEST).data for kind, sample in SAMPLES.items()}
