"""Forgeries that training never makes, to measure how well a detector generalises.

Each differs from the training forgeries in its mechanism, not only in its parameters: another way of fitting
the face, matching colours, blending or synthesis. Within ``training``, only the evaluation may import this.
"""

from collections.abc import Callable

import numpy as np

from training.forgeries.masks import Floats
from training.forgeries.unseen.outlines import Image
from training.forgeries.unseen.reenactment import reenacted
from training.forgeries.unseen.resynthesis import restored_swap, resynthesised
from training.forgeries.unseen.swaps import histogram_swap, mesh_swap, morph

# (image, landmarks, source image, source landmarks, rng) -> forged image; some methods ignore the source
Method = Callable[[Image, Floats, Image, Floats, np.random.Generator], Image]

UNSEEN: dict[str, Method] = {
    "mesh swap, multi-band": mesh_swap,
    "morph": morph,
    "hard swap, histogram": histogram_swap,
    "other generator": resynthesised,
    "restored swap": restored_swap,
    "reenactment": reenacted,
}

__all__ = ["UNSEEN", "Method"]
