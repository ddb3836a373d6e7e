"""A critic for adversarial training of the autoencoders."""

import itertools

import torch
from torch import nn
from torch.nn.functional import relu

WIDTH = 24  # channels of the first layer; doubled twice
SLOPE = 0.2


class PatchCritic(nn.Module):
    """Score how real each patch looks (Isola et al., CVPR 2017): (N, 3, S, S) to (N, 1, S/8, S/8)."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for inputs, outputs in itertools.pairwise((3, WIDTH, WIDTH * 2, WIDTH * 4)):
            layers += [nn.Conv2d(inputs, outputs, 4, stride=2, padding=1), nn.LeakyReLU(SLOPE)]
        self.layers = nn.Sequential(*layers, nn.Conv2d(WIDTH * 4, 1, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = self.layers(x)
        return y

    def loss(self, real: torch.Tensor, generated: torch.Tensor) -> torch.Tensor:
        """Return the critic's hinge loss (Lim & Ye, "Geometric GAN", 2017)."""
        return relu(1 - self(real)).mean() + relu(1 + self(generated)).mean()
