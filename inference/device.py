"""Choose the device that the networks run on."""

import torch

from inference.errors import DeviceUnavailableError
from inference.memory import keep_freed_memory


def choose_device(name: str = "auto") -> torch.device:
    """Return the device named ``cpu``, ``cuda`` or ``cuda:1``; ``auto`` prefers a GPU.

    On a CPU, this process then keeps the memory that it frees (`inference.memory`).
    Raises :class:`~inference.errors.DeviceUnavailableError` if the device cannot be used.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:  # torch without CUDA raises AssertionError
        raise DeviceUnavailableError(f"device {name!r} cannot be used ({error}); use auto or cpu") from error
    if device.type == "cpu":
        keep_freed_memory()
    return device
