"""The identity encoder of SimSwap: ArcFace, a residual network with squeeze-and-excitation (SE-IR)."""

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional

from inference.errors import SwapperInputError
from inference.normalisation import IMAGENET
from inference.swapper.generator import IDENTITY_SIZE

FACE_SIZE = 112  # pixels
STAGES = (64, 128, 256, 512)  # channels
GRID = 7  # edge of the last feature map
REDUCTION = 16


class SqueezeExcitation(nn.Module):
    """Weigh the channels by their means (Hu et al., CVPR 2018)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        few = channels // REDUCTION
        self.fc = nn.Sequential(nn.Linear(channels, few), nn.PReLU(), nn.Linear(few, channels), nn.Sigmoid())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        weights: torch.Tensor = self.fc(x.mean(dim=(2, 3)))
        return x * weights[:, :, None, None]


class ImprovedResidual(nn.Module):
    """The block of ArcFace (IR): a norm before the first convolution, and one PReLU in two places."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.bn0 = nn.BatchNorm2d(inputs)
        self.conv1 = nn.Conv2d(inputs, inputs, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(inputs)
        self.prelu = nn.PReLU()
        self.conv2 = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.se = SqueezeExcitation(outputs)
        self.downsample: nn.Module = nn.Identity()
        if stride != 1 or inputs != outputs:
            projection = nn.Conv2d(inputs, outputs, 1, stride, bias=False)
            self.downsample = nn.Sequential(projection, nn.BatchNorm2d(outputs))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.prelu(self.bn1(self.conv1(self.bn0(x))))
        y = self.se(self.bn2(self.conv2(y)))
        activated: torch.Tensor = self.prelu(y + self.downsample(x))
        return activated


class IdentityEncoder(nn.Module):
    """Aligned faces (N, 3, 112, 112), float RGB in [0, 1], to identities (N, 512), L2-normalised.

    SimSwap aligns at 224 px and takes every second pixel. The names of the layers are those of its ArcFace.
    Deng et al., "ArcFace: Additive Angular Margin Loss for Deep Face Recognition", CVPR 2019.

    :param blocks: the number of residual blocks of each of the four stages.
    """

    def __init__(self, blocks: Sequence[int]) -> None:
        super().__init__()
        self.blocks = tuple(blocks)
        channels = STAGES[0]
        self.conv1 = nn.Conv2d(3, channels, 3, bias=False)  # without padding: 110 px
        self.bn1, self.prelu = nn.BatchNorm2d(channels), nn.PReLU()
        for number, (outputs, repeats) in enumerate(zip(STAGES, blocks, strict=True), 1):
            stride = 1 if number == 1 else 2
            first = ImprovedResidual(channels, outputs, stride)
            rest = (ImprovedResidual(outputs, outputs, 1) for _ in range(repeats - 1))
            self.add_module(f"layer{number}", nn.Sequential(first, *rest))
            channels = outputs
        self.bn2 = nn.BatchNorm2d(channels)
        self.fc = nn.Linear(channels * GRID**2, IDENTITY_SIZE)
        self.bn3 = nn.BatchNorm1d(IDENTITY_SIZE)

    def forward(self, faces: torch.Tensor) -> torch.Tensor:
        """Raise :class:`~inference.errors.SwapperInputError` for faces of another shape."""
        if faces.ndim != 4 or tuple(faces.shape[1:]) != (3, FACE_SIZE, FACE_SIZE):
            raise SwapperInputError(
                f"the faces have the shape {tuple(faces.shape)};"
                f" they must be (N, 3, {FACE_SIZE}, {FACE_SIZE})"
            )
        mean, std = (faces.new_tensor(values).view(1, 3, 1, 1) for values in (IMAGENET.mean, IMAGENET.std))
        x = self.prelu(self.bn1(self.conv1((faces - mean) / std)))
        x = functional.max_pool2d(x, 2)
        for number in range(1, len(STAGES) + 1):
            x = self.get_submodule(f"layer{number}")(x)
        return functional.normalize(self.bn3(self.fc(self.bn2(x).flatten(1))))
