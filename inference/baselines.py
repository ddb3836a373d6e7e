"""Networks that ours is measured against: trained and evaluated like ours, not meant to be served.

``network.build_network`` builds them by name; their runs are in ``training/baselines``.
"""

import torch
from torch import nn

from inference.network import LITE0_HEAD, EfficientNetLite0

MESONET_SLOPE = 0.1
MESONET_GRID = 7  # edge of the last feature map for crops of 224 px; the authors' 256 px give 8


def _meso_layer(inputs: int, outputs: int, kernel: int, pool: int) -> nn.Sequential:
    convolution = nn.Conv2d(inputs, outputs, kernel, padding="same")
    norm = nn.BatchNorm2d(outputs, eps=1e-3)  # after the activation, as the authors have it
    return nn.Sequential(convolution, nn.ReLU(inplace=True), norm, nn.MaxPool2d(pool))


class MesoNet4(nn.Module):
    """(N, 3, S, S) float32 in, (N, 1) logits out; 24,000 parameters.

    Afchar et al., "MesoNet: a Compact Facial Video Forgery Detection Network", WIFS 2018.
    """

    def __init__(self, dropout: float) -> None:
        super().__init__()
        self.features = nn.Sequential(
            _meso_layer(3, 8, 3, 2),
            _meso_layer(8, 8, 5, 2),
            _meso_layer(8, 16, 5, 2),
            _meso_layer(16, 16, 5, 4),
            nn.AdaptiveAvgPool2d(MESONET_GRID),  # does nothing at 224 px, and lets other sizes pass
        )
        self.classifier = nn.Sequential(
            nn.Flatten(),
            nn.Dropout(dropout),
            nn.Linear(16 * MESONET_GRID**2, 16),
            nn.LeakyReLU(MESONET_SLOPE),
            nn.Dropout(dropout),
            nn.Linear(16, 1),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.classifier(self.features(x))
        return logits


class Margin(nn.Module):
    """Two logits (N, 2), real and forged, to one (N, 1) whose sigmoid is the softmax's share of forged."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x[:, 1:] - x[:, :1]


class OriginLite0(EfficientNetLite0):
    """EfficientNet-Lite0 with the head of the project that FakeME began from: dropout on its two logits.

    That head sat on EfficientNetV2-S there, which a CPU cannot train.
    """

    def __init__(self, dropout: float) -> None:
        super().__init__(dropout)
        self.classifier = nn.Sequential(nn.Linear(LITE0_HEAD, 2), nn.Dropout(dropout), Margin())
