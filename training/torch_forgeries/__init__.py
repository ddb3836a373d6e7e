"""The forgeries of ``training.forgeries`` on torch, in batches on the training device.

Together the modules do what ``forgeries``, ``augment`` and ``pairs`` do with numpy, without a loop over
pictures and without reading data back to the host. Pictures are float32 in [0, 255], (N, 3, H, W) or pairs
(N, 2, 3, H, W), each in the upper left of its canvas. ``sizes`` (N, 2) holds the height and width of the
picture on the canvas. bfloat16 cannot be used: its 8 bits of mantissa leave steps that are traces themselves.
"""

from training.torch_forgeries.batch_maker import BatchMaker
from training.torch_forgeries.photo_store import PhotoStore

__all__ = ["BatchMaker", "PhotoStore"]
