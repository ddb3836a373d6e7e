"""Where the networks run."""

import torch

from inference.errors import DeviceUnavailableError
from inference.memory import keep_freed_memory


def choose_device(name: str = "auto") -> torch.device:
    """``auto`` is the GPU where there is one; else ``cpu``, ``cuda``, ``cuda:1``.

    Where it is the CPU, this process keeps the memory that it frees from then on (`inference.memory`).
    Raises :class:`~inference.errors.DeviceUnavailableError` for one that is not there.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:  # a torch built without CUDA asserts
        raise DeviceUnavailableError(f"device {name!r} cannot be used ({error}); use auto or cpu") from error
    if device.type == "cpu":
        keep_freed_memory()
    return device
