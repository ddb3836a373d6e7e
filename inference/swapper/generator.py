"""The generator of SimSwap: it gives the face in a picture another identity."""

from itertools import pairwise

import torch
from torch import nn

from inference.errors import SwapperInputError
from inference.normalisation import IMAGENET
from inference.swapper.variant import Variant

IDENTITY_SIZE = 512
FULL_CHANNELS = 64  # of the first layer at width 1
BLOCKS = 9


class Style(nn.Module):
    """Scale and shift each channel as the identity says: the second half of AdaIN."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.linear = nn.Linear(IDENTITY_SIZE, 2 * channels)

    def forward(self, x: torch.Tensor, identity: torch.Tensor) -> torch.Tensor:
        scale, shift = self.linear(identity)[:, :, None, None].chunk(2, dim=1)
        styled: torch.Tensor = x * (scale + 1) + shift
        return styled


class InjectionBlock(nn.Module):
    """A residual block with two adaptive instance norms (AdaIN); no activation after the sum."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1, self.style1 = _normed_convolution(channels), Style(channels)
        self.conv2, self.style2 = _normed_convolution(channels), Style(channels)

    def forward(self, x: torch.Tensor, identity: torch.Tensor) -> torch.Tensor:
        y = torch.relu(self.style1(self.conv1(x), identity))
        z: torch.Tensor = self.style2(self.conv2(y), identity)
        return x + z


class Generator(nn.Module):
    """Faces (N, 3, S, S) and identities (N, 512), both float, to faces (N, 3, S, S) with these identities.

    Faces are RGB in [0, 1] before and after, whatever the variant; they are aligned with the template of
    SimSwap, at 224 px for the official weights. S is a multiple of 8 (``deep``: of 16) and at least 16 (32).
    Identities are L2-normalised, as :class:`~inference.swapper.identity.IdentityEncoder` gives them.

    The output of ``PEOPLE`` is in [0, 1]. That of ``TRAINING`` is linear, so that it can be a little outside.

    :param width: factor for all numbers of channels; 1 is the official network with 55 million parameters.
    :param deep: reduce the picture four times instead of three, an option of the official training code.
    """

    def __init__(self, variant: Variant, *, width: float = 1.0, deep: bool = False) -> None:
        """Raise ``ValueError`` if ``width`` leaves no whole number of channels."""
        super().__init__()
        base = round(FULL_CHANNELS * width)
        if base < 1 or base != FULL_CHANNELS * width:
            raise ValueError(f"the width is {width}; it must be a positive multiple of 1/{FULL_CHANNELS}")
        channels = (base, 2 * base, 4 * base, 8 * base, *([8 * base] if deep else []))
        self.variant, self.width, self.depth = variant, width, len(channels) - 1
        # The names of the layers are those of the official checkpoints.
        self.first_layer = nn.Sequential(nn.ReflectionPad2d(3), nn.Conv2d(3, base, 7), *_norm(base))
        for number, (wide, narrow) in enumerate(pairwise(channels), 1):
            down, up = nn.Conv2d(wide, narrow, 3, stride=2, padding=1), nn.Conv2d(narrow, wide, 3, padding=1)
            enlarge = nn.Upsample(scale_factor=2, mode="bilinear")
            self.add_module(f"down{number}", nn.Sequential(down, *_norm(narrow)))
            self.add_module(f"up{number}", nn.Sequential(enlarge, up, *_norm(wide)))
        self.BottleNeck = nn.ModuleList(InjectionBlock(channels[-1]) for _ in range(BLOCKS))
        self.last_layer = nn.Sequential(nn.ReflectionPad2d(3), nn.Conv2d(base, 3, 7))

    def forward(self, faces: torch.Tensor, identities: torch.Tensor) -> torch.Tensor:
        """Raise :class:`~inference.errors.SwapperInputError` for other shapes than those above."""
        self._check(faces, identities)
        if self.variant is Variant.PEOPLE:
            return (torch.tanh(self._layers(faces, identities)) + 1) / 2
        mean, std = (faces.new_tensor(values).view(1, 3, 1, 1) for values in (IMAGENET.mean, IMAGENET.std))
        return self._layers((faces - mean) / std, identities) * std + mean

    def _layers(self, x: torch.Tensor, identities: torch.Tensor) -> torch.Tensor:
        x = self.first_layer(x)
        for number in range(1, self.depth + 1):
            x = self.get_submodule(f"down{number}")(x)
        for block in self.BottleNeck:
            x = block(x, identities)
        for number in range(self.depth, 0, -1):
            x = self.get_submodule(f"up{number}")(x)
        y: torch.Tensor = self.last_layer(x)
        return y

    def _check(self, faces: torch.Tensor, identities: torch.Tensor) -> None:
        step = 2**self.depth
        edge = faces.shape[-1] if faces.ndim else 0
        if faces.ndim != 4 or tuple(faces.shape[1:]) != (3, edge, edge) or edge % step or edge < 2 * step:
            raise SwapperInputError(
                f"the faces have the shape {tuple(faces.shape)}; they must be (N, 3, S, S) with S a multiple"
                f" of {step}, at least {2 * step}"
            )
        if tuple(identities.shape) != (len(faces), IDENTITY_SIZE):
            raise SwapperInputError(
                f"the identities have the shape {tuple(identities.shape)}; {len(faces)} faces need"
                f" ({len(faces)}, {IDENTITY_SIZE})"
            )


def _norm(channels: int) -> tuple[nn.Module, nn.Module]:
    return nn.BatchNorm2d(channels), nn.ReLU(inplace=True)


def _normed_convolution(channels: int) -> nn.Sequential:
    norm = nn.InstanceNorm2d(channels, eps=1e-8)  # without parameters
    return nn.Sequential(nn.ReflectionPad2d(1), nn.Conv2d(channels, channels, 3), norm)
