"""Forgeries made from real photographs, for training and for trying a detector out.

Pure functions of arrays and a ``numpy.random.Generator``; finding landmarks is left to the caller. Only
generators need torch, once they are loaded.
"""

from training.forgeries.bending import bend_face
from training.forgeries.blends import self_blend, self_blend_pair, swap_blend
from training.forgeries.generator import Generator, load_generators
from training.forgeries.healing import heal_face
from training.forgeries.masks import Region
from training.forgeries.resynthesis import resynthesise

__all__ = [
    "Generator",
    "Region",
    "bend_face",
    "heal_face",
    "load_generators",
    "resynthesise",
    "self_blend",
    "self_blend_pair",
    "swap_blend",
]
