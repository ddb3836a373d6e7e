"""The forging chain on torch, in batches and on the device that trains.

It makes what ``forgeries``, ``augment`` and ``pairs`` make, with no loop over pictures and nothing read
back to the host. Pictures are float32 in [0, 255], (N, 3, H, W) or pairs (N, 2, 3, H, W), each in the upper
left of its canvas; ``sizes`` (N, 2) says how much of the canvas is picture: height, width. bfloat16 would not
do: its 8 bits of mantissa leave steps in pixels that are traces themselves.
"""

from training.batched.maker import BatchMaker
from training.batched.store import PhotoStore

__all__ = ["BatchMaker", "PhotoStore"]
