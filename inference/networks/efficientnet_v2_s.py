"""EfficientNetV2-S (Tan & Le, 2021) as torchvision builds it."""

from urllib.error import URLError

from torch import nn

from inference.errors import PretrainedWeightsError
from inference.networks.network import Network, Weights

NAME = "efficientnet_v2_s"


def build(dropout: float) -> nn.Module:
    """Return the network with random weights and one logit."""
    from torchvision.models import efficientnet_v2_s  # noqa: PLC0415  (takes seconds to import)

    network: nn.Module = efficientnet_v2_s(weights=None, num_classes=1, dropout=dropout)
    return network


def imagenet_weights(_: nn.Module) -> Weights:
    """Download the weights that torchvision publishes."""
    from torchvision.models import EfficientNet_V2_S_Weights  # noqa: PLC0415  (takes seconds to import)

    try:
        weights: Weights = EfficientNet_V2_S_Weights.IMAGENET1K_V1.get_state_dict(check_hash=True)
    except URLError as error:
        raise PretrainedWeightsError(
            f"cannot download the ImageNet weights of {NAME} ({error.reason})"
        ) from error
    return weights


NETWORK = Network(NAME, build, imagenet_weights=imagenet_weights)
