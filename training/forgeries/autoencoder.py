"""A small convolutional autoencoder that imitates the generator of a deepfake, and its file format.

Its decoder leaves the traces of any upsampling network: smooth texture and a periodic pattern (Zhang, Karaman
& Chang, "Detecting and Simulating Artifacts in GAN Fake Images", WIFS 2019). ``training.autoencoders`` trains
it, ``resynthesis`` blends its faces into pictures.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import nn

from training.errors import GeneratorUnreadableError

SLOPE = 0.1  # of the leaky ReLUs
REDUCTION = 8  # ratio of the face's edge to the bottleneck's
METADATA_KEY = "architecture"


class Upsampling(StrEnum):
    """How the decoder doubles the resolution; each method leaves a different pattern."""

    TRANSPOSED = "transposed"
    NEAREST = "nearest"
    BILINEAR = "bilinear"
    SHUFFLE = "shuffle"


@dataclass(frozen=True, slots=True)
class Architecture:
    """Hyperparameters of an autoencoder's layers."""

    size: int  # edge of the aligned face in pixels, a multiple of REDUCTION
    width: int  # channels of the first layer; doubled twice
    latent: int  # channels of the bottleneck
    upsampling: Upsampling
    residual: bool = False  # a residual block before each doubling


class Residual(nn.Module):
    """A residual block of two 3x3 convolutions, without norms."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.LeakyReLU(SLOPE),
            nn.Conv2d(channels, channels, 3, padding=1),
            nn.LeakyReLU(SLOPE),
            nn.Conv2d(channels, channels, 3, padding=1),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = x + self.layers(x)
        return y


def _transposed(inputs: int, outputs: int) -> nn.Module:
    return nn.ConvTranspose2d(inputs, outputs, 4, stride=2, padding=1)


def _nearest(inputs: int, outputs: int) -> nn.Module:
    return nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(inputs, outputs, 3, padding=1))


def _bilinear(inputs: int, outputs: int) -> nn.Module:
    doubling = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False)
    return nn.Sequential(doubling, nn.Conv2d(inputs, outputs, 3, padding=1))


def _shuffle(inputs: int, outputs: int) -> nn.Module:
    return nn.Sequential(nn.Conv2d(inputs, outputs * 4, 3, padding=1), nn.PixelShuffle(2))


DOUBLINGS: dict[Upsampling, Callable[[int, int], nn.Module]] = {
    Upsampling.TRANSPOSED: _transposed,
    Upsampling.NEAREST: _nearest,
    Upsampling.BILINEAR: _bilinear,
    Upsampling.SHUFFLE: _shuffle,
}


def _refine(channels: int, *, residual: bool) -> list[nn.Module]:
    return [Residual(channels), nn.LeakyReLU(SLOPE)] if residual else [nn.LeakyReLU(SLOPE)]


class FaceAutoencoder(nn.Module):
    """Map (N, 3, S, S) float32 in [-1, 1] to the same shape and range (not clipped).

    There are no norms, so the output does not depend on the rest of the batch.
    """

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.architecture = architecture
        widths = [architecture.width * factor for factor in (1, 2, 4)]
        double, residual = DOUBLINGS[architecture.upsampling], architecture.residual
        encoder: list[nn.Module] = []
        for inputs, outputs in zip((3, *widths), widths, strict=False):
            encoder += [nn.Conv2d(inputs, outputs, 4, stride=2, padding=1), nn.LeakyReLU(SLOPE)]
        self.encoder = nn.Sequential(*encoder, nn.Conv2d(widths[2], architecture.latent, 1))
        decoder: list[nn.Module] = [nn.Conv2d(architecture.latent, widths[2], 3, padding=1)]
        decoder += _refine(widths[2], residual=residual)
        for inputs, outputs in ((widths[2], widths[1]), (widths[1], widths[0])):
            decoder += [double(inputs, outputs), *_refine(outputs, residual=residual)]
        self.decoder = nn.Sequential(*decoder, double(widths[0], 3))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = self.decoder(self.encoder(x))
        return y


def save_autoencoder(network: FaceAutoencoder, path: Path) -> None:
    """Write weights (float16) and architecture to one safetensors file."""
    weights = {key: value.detach().half().contiguous() for key, value in network.state_dict().items()}
    save_file(weights, path, metadata={METADATA_KEY: json.dumps(asdict(network.architecture))})


def load_autoencoder(path: Path) -> FaceAutoencoder:
    """Return the network saved by ``save_autoencoder``: float32, in eval mode, without gradients.

    Raises GeneratorUnreadableError if the file is missing or invalid.
    """
    try:
        with safe_open(path, framework="pt") as file:
            architecture = json.loads(file.metadata()[METADATA_KEY])
            weights = {key: file.get_tensor(key).float() for key in file.keys()}  # noqa: SIM118  (no mapping)
        architecture["upsampling"] = Upsampling(architecture["upsampling"])
        network = FaceAutoencoder(Architecture(**architecture))
        network.load_state_dict(weights)
    except (OSError, SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise GeneratorUnreadableError(
            f"{path} is not a face autoencoder ({error}); make it again with python -m training.autoencoders"
        ) from error
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # stubs lack it; a fifth faster
    return network.requires_grad_(False).eval()
