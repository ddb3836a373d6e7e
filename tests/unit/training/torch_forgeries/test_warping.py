"""Warping a batch: only under the masks, and by as much as in numpy."""

import cv2
import numpy as np
import torch

from training.forgeries import masks as numpy_masks
from training.forgeries.warping import AMPLITUDES, BRUSH_SIGMAS, MAX_PUSHES, NODE_SPACINGS, PUSH_LENGTHS
from training.torch_forgeries.warping import elastic_displacements, push_displacements, warp_faces


def test_elastic_displacements_are_as_large_as_in_numpy():
    # given displacements for faces twice as large as the template, from both implementations
    batch = elastic_displacements(torch.full((64,), 2.0), (96, 128), torch.Generator().manual_seed(0))
    rng = np.random.default_rng(0)
    single = [
        numpy_masks.elastic_displacements(
            (96, 128), 2 * rng.uniform(*NODE_SPACINGS), 2 * rng.uniform(*AMPLITUDES), rng, cv2.INTER_CUBIC
        )
        for _ in range(64)
    ]

    # then they move pixels equally far, differently for each face, and smoothly
    assert batch.shape == (64, 2, 96, 128)
    assert abs(batch.std() / np.std(single) - 1) < 0.35
    assert (batch[0] - batch[1]).abs().mean() > 1
    assert batch.diff(dim=3).abs().max() < 2.5


def test_nothing_moves_where_the_mask_is_empty():
    pictures = torch.randint(0, 256, (2, 3, 64, 64), generator=torch.Generator().manual_seed(1)).float()
    masks = torch.zeros(2, 1, 64, 64)
    masks[:, :, 16:48, 16:48] = 1
    generator = torch.Generator().manual_seed(0)
    warped, changed = warp_faces(pictures, torch.ones(2), torch.full((2, 2), 64), masks, generator)
    unmasked = (masks == 0).expand_as(pictures)
    assert torch.equal(warped[unmasked], pictures[unmasked])

    # and most pixels move under the returned masks, which are not larger
    assert (changed <= masks).all()
    assert (warped != pictures)[(changed > 0.5).expand_as(pictures)].float().mean() > 0.9


def test_pushes_start_under_the_mask_and_stay_local():
    # given masks in one corner
    masks = torch.zeros(64, 1, 96, 128)
    masks[:, :, 8:40, 16:56] = 1
    shift, proximity = push_displacements(torch.ones(64), masks, torch.Generator().manual_seed(0))

    # then the middles lie there, distant pixels do not move, and nothing folds over
    middles = proximity.flatten(2).argmax(2)[:, 0]
    assert (masks.flatten(1).gather(1, middles[:, None]) > 0).float().mean() > 0.95
    assert shift[:, :, 90:, 120:].abs().max() < 0.5
    lengths = shift.square().sum(1).sqrt().amax(dim=(1, 2))
    assert BRUSH_SIGMAS[0] * PUSH_LENGTHS[0] * 0.8 < lengths.min()
    assert lengths.max() < MAX_PUSHES * BRUSH_SIGMAS[1] * PUSH_LENGTHS[1]
