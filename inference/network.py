"""The networks a checkpoint's card may name, each with one logit out (positive: forged).

Weights and thresholds belong to the checkpoint; training them to ``training``.
"""

from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional

from inference.errors import UnknownNetworkError
from inference.localising import add_heads

DEFAULT_DROPOUT = 0.2  # as in the papers of both networks

# EfficientNet-Lite0 (Tan, 2020): expansion, kernel, stride of the first, channels out, repeats
LITE0_STAGES = (
    (1, 3, 1, 16, 1),
    (6, 3, 2, 24, 2),
    (6, 5, 2, 40, 2),
    (6, 3, 2, 80, 3),
    (6, 5, 1, 112, 3),
    (6, 5, 2, 192, 4),
    (6, 3, 1, 320, 1),
)
LITE0_STEM, LITE0_HEAD = 32, 1280


class SameConv(nn.Conv2d):
    """Convolution without bias, padded as TensorFlow's SAME, for which the ImageNet weights were made.

    For an even input and stride 2 that is one pixel less before than after.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1) -> None:
        symmetric = (kernel - 1) // 2 if stride == 1 else 0
        super().__init__(inputs, outputs, kernel, stride, symmetric, groups=groups, bias=False)
        missing = kernel - stride
        self.before, self.after = missing // 2, missing - missing // 2

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.stride[0] > 1:
            x = functional.pad(x, (self.before, self.after, self.before, self.after))
        return super().forward(x)


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)  # as the ImageNet weights were trained


class InvertedResidual(nn.Module):
    """MBConv of the Lite family: expand, depthwise, project; ReLU6, no squeeze-and-excitation."""

    def __init__(self, inputs: int, outputs: int, expansion: int, kernel: int, stride: int) -> None:
        super().__init__()
        wide = inputs * expansion
        layers: list[nn.Module] = []
        if expansion != 1:
            layers += [SameConv(inputs, wide, 1), _norm(wide), nn.ReLU6(inplace=True)]
        layers += [SameConv(wide, wide, kernel, stride, groups=wide), _norm(wide), nn.ReLU6(inplace=True)]
        layers += [SameConv(wide, outputs, 1), _norm(outputs)]
        self.layers = nn.Sequential(*layers)
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = self.layers(x)
        return x + y if self.residual else y


class EfficientNetLite0(nn.Module):
    """(N, 3, S, S) float32 in, (N, 1) logits out; S a multiple of 32."""

    def __init__(self, dropout: float = DEFAULT_DROPOUT) -> None:
        super().__init__()
        layers: list[nn.Module] = [SameConv(3, LITE0_STEM, 3, 2), _norm(LITE0_STEM), nn.ReLU6(inplace=True)]
        channels = LITE0_STEM
        for expansion, kernel, stride, outputs, repeats in LITE0_STAGES:
            for repeat in range(repeats):
                first = repeat == 0
                layers.append(InvertedResidual(channels, outputs, expansion, kernel, stride if first else 1))
                channels = outputs
        layers += [SameConv(channels, LITE0_HEAD, 1), _norm(LITE0_HEAD), nn.ReLU6(inplace=True)]
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(nn.Dropout(dropout), nn.Linear(LITE0_HEAD, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.classifier(self.features(x).mean(dim=(2, 3)))
        return logits


def _efficientnet_v2_s(dropout: float) -> nn.Module:
    from torchvision.models import efficientnet_v2_s  # noqa: PLC0415  (seconds to import, seldom needed)

    network: nn.Module = efficientnet_v2_s(weights=None, num_classes=1, dropout=dropout)
    return network


def _mesonet4(dropout: float) -> nn.Module:
    from inference.baselines import MesoNet4  # noqa: PLC0415  (it builds on this module)

    return MesoNet4(dropout)


def _origin_lite0(dropout: float) -> nn.Module:
    from inference.baselines import OriginLite0  # noqa: PLC0415

    return OriginLite0(dropout)


NETWORKS: dict[str, Callable[[float], nn.Module]] = {
    "efficientnet_lite0": EfficientNetLite0,
    "efficientnet_v2_s": _efficientnet_v2_s,
    "efficientnet_lite0_origin": _origin_lite0,
    "mesonet4": _mesonet4,
}


def build_network(name: str, dropout: float = DEFAULT_DROPOUT, *, localises: bool = False) -> nn.Module:
    """Return the named network with random weights; (N, 3, S, S) in, (N, 1) logits out.

    One that ``localises`` has heads that say where (`inference.localising`).

    Raises UnknownNetworkError for a name that is not in ``NETWORKS``.
    """
    build = NETWORKS.get(name)
    if build is None:
        raise UnknownNetworkError(f"no network is named {name!r}; the known ones are {', '.join(NETWORKS)}")
    network = build(dropout)
    return add_heads(network) if localises else network
