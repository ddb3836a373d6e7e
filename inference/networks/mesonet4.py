"""MesoNet-4, a small baseline that our networks are compared with; not meant to be served."""

import torch
from torch import nn

from inference.networks.network import Network

LEAKY_SLOPE = 0.1
GRID = 7  # edge of the last feature map for crops of 224 px; the authors use 256 px, which gives 8


def _block(inputs: int, outputs: int, kernel: int, pool: int) -> nn.Sequential:
    convolution = nn.Conv2d(inputs, outputs, kernel, padding="same")
    norm = nn.BatchNorm2d(outputs, eps=1e-3)  # after the activation, as in the paper
    return nn.Sequential(convolution, nn.ReLU(inplace=True), norm, nn.MaxPool2d(pool))


class MesoNet4(nn.Module):
    """(N, 3, S, S) float32 in, (N, 1) logits out; 24,000 parameters.

    Afchar et al., "MesoNet: a Compact Facial Video Forgery Detection Network", WIFS 2018.
    """

    def __init__(self, dropout: float) -> None:
        super().__init__()
        self.features = nn.Sequential(
            _block(3, 8, 3, 2),
            _block(8, 8, 5, 2),
            _block(8, 16, 5, 2),
            _block(16, 16, 5, 4),
            nn.AdaptiveAvgPool2d(GRID),  # no effect at 224 px; makes other sizes possible
        )
        self.classifier = nn.Sequential(
            nn.Flatten(),
            nn.Dropout(dropout),
            nn.Linear(16 * GRID**2, 16),
            nn.LeakyReLU(LEAKY_SLOPE),
            nn.Dropout(dropout),
            nn.Linear(16, 1),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.classifier(self.features(x))
        return logits


NETWORK = Network("mesonet4", MesoNet4)
