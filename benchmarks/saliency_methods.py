"""Saliency methods compared by `explanation_quality`; the shipped one is in `inference`.

Each method takes the network, normalised crops (N, 3, 224, 224) and the same crops with the forgery removed
(``filled``), and returns (N, 224, 224) float32 in [0, 1]. Occlusion and integrated gradients use the filled
crops, which are not available in production; they are slow references.
"""

from collections.abc import Callable
from functools import partial

import torch
from torch import nn

from inference.explanation.saliency import (
    Maps,
    Response,
    as_maps,
    enlarge,
    layer_cam,
    respond,
    saliency,
    stretch,
)

Method = Callable[[nn.Module, torch.Tensor, torch.Tensor], Maps]
Cam = Callable[[Response], torch.Tensor]

OCCLUDED = 56  # pixels; edge of the occluded square
POSITIONS = 7  # in each direction; neighbouring squares overlap by half
PATH_STEPS = 8
SMOOTHING = 17  # pixels; window that averages the gradients


def grad_cam(response: Response) -> torch.Tensor:
    """Return activations weighted by the mean gradient of their channel (Selvaraju et al., 2017)."""
    weights = response.gradients.mean(dim=(2, 3), keepdim=True)
    return (weights * response.activations).sum(dim=1).relu()


def hires_cam(response: Response) -> torch.Tensor:
    """Return activations times gradients, elementwise (Draelos & Carin, 2020)."""
    return (response.gradients * response.activations).sum(dim=1).relu()


def single(cam: Cam, reduction: int, network: nn.Module, crops: torch.Tensor, _: torch.Tensor) -> Maps:
    """Return the maps of one resolution."""
    (response,) = respond(network, crops, (reduction,))
    return as_maps(enlarge(cam(response), (crops.shape[-2], crops.shape[-1])))


def fused(cam: Cam, product: bool, network: nn.Module, crops: torch.Tensor, _: torch.Tensor) -> Maps:
    """Return the mean, or the geometric mean, of the stretched maps at 14 x 14 and 7 x 7."""
    size = (crops.shape[-2], crops.shape[-1])
    fine, coarse = (stretch(enlarge(cam(response), size)) for response in respond(network, crops))
    return as_maps((fine * coarse).sqrt() if product else fine + coarse)


def occlusion(network: nn.Module, crops: torch.Tensor, filled: torch.Tensor) -> Maps:
    """Return how far the logit falls when a square is filled (Zeiler & Fergus, 2014); slow."""
    step = (crops.shape[-1] - OCCLUDED) // (POSITIONS - 1)
    total, covered = torch.zeros_like(crops[:, 0]), torch.zeros_like(crops[:1, 0])
    with torch.inference_mode():
        baseline = network(crops).view(-1, 1, 1)
        for y in range(0, step * POSITIONS, step):
            for x in range(0, step * POSITIONS, step):
                square = (..., slice(y, y + OCCLUDED), slice(x, x + OCCLUDED))
                occluded = crops.clone()
                occluded[square] = filled[square]
                total[square] += baseline - network(occluded).view(-1, 1, 1)
                covered[square] += 1
    return as_maps((total / covered.clamp(min=1)).relu())


def path_gradients(network: nn.Module, crops: torch.Tensor, filled: torch.Tensor) -> Maps:
    """Return smoothed integrated gradients from the filled picture (Sundararajan et al., 2017); slow."""
    change = crops - filled
    total = torch.zeros_like(crops)
    for step in range(PATH_STEPS):
        point = (filled + change * (step + 0.5) / PATH_STEPS).requires_grad_()
        total += torch.autograd.grad(network(point).sum(), point)[0]
    smooth = nn.AvgPool2d(SMOOTHING, stride=1, padding=SMOOTHING // 2, count_include_pad=False)
    return as_maps(smooth((total * change).sum(dim=1, keepdim=True))[:, 0].relu())


def shipped(network: nn.Module, crops: torch.Tensor, _: torch.Tensor) -> Maps:
    return saliency(network, crops)


def noise(_: nn.Module, crops: torch.Tensor, __: torch.Tensor) -> Maps:
    """Return random maps at 14 x 14."""
    values = torch.rand((len(crops), 14, 14), generator=torch.Generator().manual_seed(0))
    return as_maps(enlarge(values, (crops.shape[-2], crops.shape[-1])))


def centre(_: nn.Module, crops: torch.Tensor, __: torch.Tensor) -> Maps:
    """Return a Gaussian at the centre, where faces are; a useful method must score better."""
    axis = torch.linspace(-1, 1, crops.shape[-1])
    bell = torch.exp(-(axis[:, None] ** 2 + axis[None] ** 2) / (2 * 0.4**2))
    return as_maps(bell.expand(len(crops), -1, -1))


METHODS: dict[str, Method] = {
    "shipped": shipped,  # the localisation heads' maps if the model has heads, else the next method
    "LayerCAM 14x14 + 7x7": partial(fused, layer_cam, False),
    "Grad-CAM 7x7": partial(single, grad_cam, 32),  # identical to HiResCAM after the last layer
    "Grad-CAM 14x14": partial(single, grad_cam, 16),
    "HiResCAM 14x14": partial(single, hires_cam, 16),
    "HiResCAM 28x28": partial(single, hires_cam, 8),
    "HiResCAM 14x14 + 7x7": partial(fused, hires_cam, False),
    "HiResCAM 14x14 * 7x7": partial(fused, hires_cam, True),
    "LayerCAM 7x7": partial(single, layer_cam, 32),
    "LayerCAM 14x14": partial(single, layer_cam, 16),
    "LayerCAM 14x14 * 7x7": partial(fused, layer_cam, True),
    "integrated gradients, reference": path_gradients,
    "occlusion, reference": occlusion,
    "centre": centre,
    "noise": noise,
}
