"""The generators resynthesise the faces of a share, and change nothing outside their frames."""

import numpy as np
import torch

from training.torch_forgeries.random_choices import assign_shares
from training.torch_forgeries.resynthesis import resynthesise


def test_faces_are_resynthesised_inside_their_frames(portrait, landmarks):
    # given four copies of a portrait, two of which are in the share
    pictures = torch.from_numpy(portrait[:288, 80:368].copy()).permute(2, 0, 1).float().repeat(4, 1, 1, 1)
    points = torch.from_numpy(landmarks - np.array([80, 0], np.float32)).expand(4, -1, -1)
    generator = torch.Generator().manual_seed(0)
    (share,) = assign_shares(4, (0.5,), generator)

    # when the share is resynthesised
    with torch.no_grad():
        resynthesised = resynthesise(pictures, points, torch.full((4, 2), 288), share, generator)

    # then their faces differ a little, and distant pixels stay unchanged
    differs = (resynthesised - pictures).abs().amax(1)
    assert torch.equal(differs.amax((1, 2)) > 0, share.mask(4))
    assert differs[:, :, 230:].max() == 0
    assert differs[:, 230:].max() == 0
    face = differs[share.indices, 70:160, 105:185].mean()
    assert 1 < face < 40
