"""Forgeries made from real photographs, for training a detector and for testing it.

All functions are pure: they take arrays and a ``numpy.random.Generator``. They need landmarks, which the
caller must find. torch is imported only when a generator is loaded.
"""

from training.forgeries.blends import self_blend, self_blend_pair, swap_blend
from training.forgeries.generator import Generator, load_generators
from training.forgeries.inpainting import inpaint_spots
from training.forgeries.masks import Region
from training.forgeries.resynthesis import resynthesise_face
from training.forgeries.warping import warp_face

__all__ = [
    "Generator",
    "Region",
    "inpaint_spots",
    "load_generators",
    "resynthesise_face",
    "self_blend",
    "self_blend_pair",
    "swap_blend",
    "warp_face",
]
