"""Heat maps of the parts of a face that a network considers forged.

They come from the localisation heads or, without heads, from activations and gradients. See
docs/decisions/0013-heat-maps-from-localisation-heads.md and 0009-heat-maps.md for the choice of methods;
`benchmarks.explanation_quality` measures them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from inference.localisation import STRIDES, heads_of, locate

Maps = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Response:
    """The last activations (N, C, s, s) at one resolution, and the logit's gradient with respect to them."""

    activations: torch.Tensor
    gradients: torch.Tensor


def saliency(network: nn.Module, crops: torch.Tensor) -> Maps:
    """Return (N, S, S) float32 in [0, 1] for normalised crops (N, 3, S, S) on the network's device.

    With localisation heads, the values are probabilities that a place is forged. Without heads, each map is
    scaled so that its maximum is 1, or is 0 everywhere if nothing indicates a forgery. The network must have
    ``features`` (a sequence of layers) and a ``classifier`` of their spatial mean.
    """
    return layer_cams(network, crops) if heads_of(network) is None else localisation_maps(network, crops)


@torch.inference_mode()
def localisation_maps(network: nn.Module, crops: torch.Tensor) -> Maps:
    """Return the mean of both heads' probabilities for each place."""
    size = (crops.shape[-2], crops.shape[-1])
    _, maps = locate(network, crops)
    fine, coarse = (enlarge(logits.sigmoid()[:, 0], size) for logits in maps)
    return np.asarray(((fine + coarse) / 2).clamp(max=1).float().cpu().numpy(), dtype=np.float32)


def layer_cams(network: nn.Module, crops: torch.Tensor) -> Maps:
    """Return the mean of LayerCAM (Jiang et al., 2021) at two resolutions."""
    size = (crops.shape[-2], crops.shape[-1])
    fine, coarse = (stretch(enlarge(layer_cam(response), size)) for response in respond(network, crops))
    return as_maps(fine + coarse)


def respond(network: nn.Module, crops: torch.Tensor, reductions: Sequence[int] = STRIDES) -> list[Response]:
    """Return the network's response at each reduction of the crops' edge, in ascending order.

    Gradients are computed only from the first of these layers on, so this costs little more than a score.
    """
    kept: dict[int, torch.Tensor] = {}
    with torch.inference_mode(False), torch.enable_grad():  # callers may be in inference mode
        x = crops
        for layer in network.get_submodule("features").children():
            x = layer(x)
            reduction = crops.shape[-1] // x.shape[-1]
            if reduction == reductions[0] and not x.requires_grad:
                x = x.detach().requires_grad_()
            if reduction in reductions:
                kept[reduction] = x
        logits = network.get_submodule("classifier")(x.mean(dim=(2, 3)))
        activations = [kept[reduction] for reduction in reductions]
        gradients = torch.autograd.grad(logits.sum(), activations)
    return [Response(a.detach(), g) for a, g in zip(activations, gradients, strict=True)]


def layer_cam(response: Response) -> torch.Tensor:
    """Return (N, s, s): activations weighted, at each place, by the gradients that indicate a forgery."""
    return (response.gradients.relu() * response.activations).sum(dim=1).relu()


def enlarge(maps: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """Return maps (N, s, s) smoothly enlarged to (N, *size)."""
    return functional.interpolate(maps[:, None], size, mode="bicubic", align_corners=False)[:, 0].relu()


def stretch(maps: torch.Tensor) -> torch.Tensor:
    """Return non-negative maps (N, H, W), each divided by its own maximum."""
    strongest = maps.amax(dim=(1, 2), keepdim=True)
    return torch.where(strongest > 0, maps / strongest.clamp(min=torch.finfo(maps.dtype).tiny), 0.0)


def as_maps(maps: torch.Tensor) -> Maps:
    """Return maps (N, H, W) as float32 arrays, each divided by its own maximum."""
    return np.asarray(stretch(maps).float().cpu().numpy(), dtype=np.float32)
