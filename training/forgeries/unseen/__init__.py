"""Forgeries that training never makes, for measuring how far a detector generalises.

Each differs from training's in its mechanism, not only in its numbers: another way of fitting the face, of
matching colours, of blending, or of drawing. Nothing in ``training`` but the evaluation may import this.
"""

from collections.abc import Callable

import numpy as np

from training.forgeries.masks import Floats
from training.forgeries.unseen.outlines import Image
from training.forgeries.unseen.redrawing import redrawn, restored_swap
from training.forgeries.unseen.reenactment import reenacted
from training.forgeries.unseen.swaps import histogram_swap, mesh_swap, morph

# (image, landmarks, source image, source landmarks, rng) -> forged image; some leave the source alone
Method = Callable[[Image, Floats, Image, Floats, np.random.Generator], Image]

UNSEEN: dict[str, Method] = {
    "mesh swap, multi-band": mesh_swap,
    "morph": morph,
    "hard swap, histogram": histogram_swap,
    "other generator": redrawn,
    "restored swap": restored_swap,
    "reenactment": reenacted,
}

__all__ = ["UNSEEN", "Method"]
