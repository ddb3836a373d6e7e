"""Where the networks run."""

import torch

from inference.errors import DeviceUnavailableError


def choose_device(name: str = "auto") -> torch.device:
    """``auto`` is the GPU where there is one; else ``cpu``, ``cuda``, ``cuda:1``.

    Raises :class:`~inference.errors.DeviceUnavailableError` for one that is not there.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:  # a torch built without CUDA asserts
        raise DeviceUnavailableError(f"device {name!r} cannot be used ({error}); use auto or cpu") from error
    return device
