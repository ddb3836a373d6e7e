"""Faces of a batch redrawn by the small neural generators of ``forgeries.generator``, on the device."""

from copy import deepcopy
from functools import cache, partial

import torch
from torch import Tensor, nn

from training.batched.chance import Share, deal, normal, uniform, update
from training.batched.constants import constant
from training.batched.warps import hold, inverse, similarity_between, warp
from training.forgeries.generator import (
    FRAME_EDGE,
    FRAME_LEFT,
    FRAME_TOP,
    JITTER,
    LATENT_NOISE,
    load_generators,
)
from training.forgeries.masks import TEMPLATE


@cache
def _networks(device: torch.device) -> tuple[tuple[int, nn.Sequential, nn.Sequential], ...]:
    """Return (edge of the frame, encoder, decoder) of each generator; copies, since moving is in place."""
    networks = [deepcopy(generator.network).to(device) for generator in load_generators()]
    return tuple((each.architecture.size, each.encoder, each.decoder) for each in networks)


def _frames(landmarks: Tensor, size: int, generator: torch.Generator) -> Tensor:
    """Return maps (N, 2, 3) from a generator's frame of ``size`` pixels to the faces, never twice alike."""
    count = len(landmarks)
    middle = landmarks.mean(1, keepdim=True)
    spread = torch.linalg.vector_norm(landmarks - middle, dim=2).mean(1).view(-1, 1, 1) * 4
    shift = uniform((count, 1, 2), -JITTER, JITTER, generator) * spread
    moved = (landmarks - middle) * uniform((count, 1, 1), 1 - JITTER, 1 + JITTER, generator) + middle + shift
    corner = torch.tensor([FRAME_LEFT, FRAME_TOP])
    template = (torch.from_numpy(TEMPLATE) - corner) * (size / FRAME_EDGE)
    return inverse(similarity_between(moved, constant(template.tolist(), landmarks.device).expand_as(moved)))


def _draw(aligned: Tensor, encoder: nn.Module, decoder: nn.Module, generator: torch.Generator) -> Tensor:
    """Return aligned faces (N, 3, S, S) redrawn, their codes disturbed a little."""
    code = encoder(aligned / 127.5 - 1)
    strength = uniform((len(code), 1, 1, 1), 0, LATENT_NOISE, generator)
    code = code + normal(tuple(code.shape), 1.0, generator) * code.std((1, 2, 3), keepdim=True) * strength
    drawn: Tensor = decoder(code)
    return (drawn.float() * 127.5 + 127.5).round().clamp(0, 255)


def redraw(
    pictures: Tensor, landmarks: Tensor, sizes: Tensor, share: Share, generator: torch.Generator
) -> Tensor:
    """Return pictures (N, 3, H, W) with the faces of a share redrawn, each by one of the generators."""
    networks = _networks(pictures.device)
    shape = (pictures.shape[2], pictures.shape[3])
    for part, (size, encoder, decoder) in zip(
        deal(len(share.indices), [1 / len(networks)] * len(networks), generator), networks, strict=True
    ):
        mine = part.of(share)
        if not len(mine.indices):
            continue
        frames = _frames(landmarks[mine.indices], size, generator)
        aligned = warp(pictures[mine.indices], frames, sizes[mine.indices], (size, size))
        drawn = _draw(aligned, encoder, decoder, generator)
        # A channel of ones says where the frame is: outside, the picture itself stays.
        framed = torch.nn.functional.pad(torch.cat([drawn, torch.ones_like(drawn[:, :1])], 1), (1, 1, 1, 1))
        back = inverse(frames) + constant([[0.0, 0, 1], [0, 0, 1]], pictures.device)
        edges = torch.full_like(sizes[mine.indices], size + 2)
        placed = warp(framed, back, edges, shape, hold)
        pictures = update(pictures, mine, partial(_laid, placed))
    return pictures


def _laid(placed: Tensor, pictures: Tensor) -> Tensor:
    """Return pictures with what is placed, colour (N, 3, …) weighted by cover (N, 1, …), laid over them."""
    return pictures * (1 - placed[:, 3:]) + placed[:, :3]
