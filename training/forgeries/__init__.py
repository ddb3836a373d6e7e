"""Forgeries made from real photographs, for training and for trying a detector out.

Pure functions of arrays and a ``numpy.random.Generator``; finding landmarks is left to the caller.
"""

from training.forgeries.blends import self_blend, swap_blend
from training.forgeries.masks import Region

__all__ = ["Region", "self_blend", "swap_blend"]
