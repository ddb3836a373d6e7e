"""EfficientNet-Lite0 with the head of FakeME's origin project: a baseline, not meant to be served."""

import torch
from torch import nn

from inference.networks.efficientnet_lite0 import HEAD_CHANNELS, EfficientNetLite0, imagenet_weights
from inference.networks.network import Network


class Margin(nn.Module):
    """Turn two logits (N, 2), real and forged, into one (N, 1): their difference.

    Its sigmoid is the softmax probability of forged.
    """

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x[:, 1:] - x[:, :1]


class OriginLite0(EfficientNetLite0):
    """(N, 3, S, S) float32 in, (N, 1) logits out; dropout is applied to two logits.

    The original head sat on EfficientNetV2-S, which a CPU cannot train.
    """

    def __init__(self, dropout: float) -> None:
        super().__init__(dropout)
        self.classifier = nn.Sequential(nn.Linear(HEAD_CHANNELS, 2), nn.Dropout(dropout), Margin())


NETWORK = Network("efficientnet_lite0_origin", OriginLite0, imagenet_weights=imagenet_weights)
