"""Generators redraw the faces of a share, and nothing beside their frames."""

import numpy as np
import torch

from training.batched.chance import deal
from training.batched.redrawing import redraw


def test_faces_are_redrawn_inside_their_frames(portrait, landmarks):
    # given four copies of a portrait, of which two are to be redrawn
    pictures = torch.from_numpy(portrait[:288, 80:368].copy()).permute(2, 0, 1).float().repeat(4, 1, 1, 1)
    points = torch.from_numpy(landmarks - np.array([80, 0], np.float32)).expand(4, -1, -1)
    generator = torch.Generator().manual_seed(0)
    (share,) = deal(4, (0.5,), generator)

    # when they are
    with torch.no_grad():
        redrawn = redraw(pictures, points, torch.full((4, 2), 288), share, generator)

    # then their faces differ a little, it is still the same face, and far from it nothing changed
    differs = (redrawn - pictures).abs().amax(1)
    assert torch.equal(differs.amax((1, 2)) > 0, share.mask(4))
    assert differs[:, :, 230:].max() == 0
    assert differs[:, 230:].max() == 0
    face = differs[share.indices, 70:160, 105:185].mean()
    assert 1 < face < 40
