"""Resynthesise the faces of a batch with the generators of ``forgeries.generator``, on the device."""

from copy import deepcopy
from functools import cache, partial

import torch
from torch import Tensor, nn

from training.forgeries.generator import (
    FRAME_EDGE,
    FRAME_LEFT,
    FRAME_TOP,
    JITTER,
    LATENT_NOISE,
    load_generators,
)
from training.forgeries.masks import TEMPLATE
from training.torch_forgeries.affine import clamp_to_edge, invert, similarity_between, warp_affine
from training.torch_forgeries.constants import constant
from training.torch_forgeries.random_choices import Share, assign_shares, normal, uniform, update_share


@cache
def _networks(device: torch.device) -> tuple[tuple[int, nn.Sequential, nn.Sequential], ...]:
    """Return (frame edge, encoder, decoder) of each generator, copied since ``to`` works in place."""
    networks = [deepcopy(generator.network).to(device) for generator in load_generators()]
    return tuple((network.architecture.size, network.encoder, network.decoder) for network in networks)


def _frame_maps(landmarks: Tensor, size: int, generator: torch.Generator) -> Tensor:
    """Return jittered maps (N, 2, 3) from a generator's frame of ``size`` pixels to the faces."""
    count = len(landmarks)
    middle = landmarks.mean(1, keepdim=True)
    spread = torch.linalg.vector_norm(landmarks - middle, dim=2).mean(1).view(-1, 1, 1) * 4
    shift = uniform((count, 1, 2), -JITTER, JITTER, generator) * spread
    moved = (landmarks - middle) * uniform((count, 1, 1), 1 - JITTER, 1 + JITTER, generator) + middle + shift
    corner = torch.tensor([FRAME_LEFT, FRAME_TOP])
    template = (torch.from_numpy(TEMPLATE) - corner) * (size / FRAME_EDGE)
    return invert(similarity_between(moved, constant(template.tolist(), landmarks.device).expand_as(moved)))


def _reconstruct(
    aligned: Tensor, encoder: nn.Module, decoder: nn.Module, generator: torch.Generator
) -> Tensor:
    """Return aligned faces (N, 3, S, S) decoded from their codes plus a little noise."""
    code = encoder(aligned / 127.5 - 1)
    strength = uniform((len(code), 1, 1, 1), 0, LATENT_NOISE, generator)
    code = code + normal(tuple(code.shape), 1.0, generator) * code.std((1, 2, 3), keepdim=True) * strength
    decoded: Tensor = decoder(code)
    return (decoded.float() * 127.5 + 127.5).round().clamp(0, 255)


def resynthesise(
    pictures: Tensor, landmarks: Tensor, sizes: Tensor, share: Share, generator: torch.Generator
) -> Tensor:
    """Return pictures (N, 3, H, W) with the faces of a share resynthesised, each by one of the generators."""
    networks = _networks(pictures.device)
    shape = (pictures.shape[2], pictures.shape[3])
    parts = assign_shares(len(share.indices), [1 / len(networks)] * len(networks), generator)
    for share_part, (size, encoder, decoder) in zip(parts, networks, strict=True):
        part = share_part.within(share)
        if not len(part.indices):
            continue
        frames = _frame_maps(landmarks[part.indices], size, generator)
        aligned = warp_affine(pictures[part.indices], frames, sizes[part.indices], (size, size))
        reconstructed = _reconstruct(aligned, encoder, decoder, generator)
        # A channel of ones marks the frame; outside of it the picture stays unchanged.
        framed = torch.cat([reconstructed, torch.ones_like(reconstructed[:, :1])], 1)
        padded = torch.nn.functional.pad(framed, (1, 1, 1, 1))
        back = invert(frames) + constant([[0.0, 0, 1], [0, 0, 1]], pictures.device)
        edges = torch.full_like(sizes[part.indices], size + 2)
        placed = warp_affine(padded, back, edges, shape, clamp_to_edge)
        pictures = update_share(pictures, part, partial(_composite, placed))
    return pictures


def _composite(placed: Tensor, pictures: Tensor) -> Tensor:
    """Return pictures with ``placed`` (N, 4, H, W), premultiplied colour and alpha, composited over them."""
    return pictures * (1 - placed[:, 3:]) + placed[:, :3]
