"""Reads weights that a stranger pickled, in a confined process that hands them over as safetensors."""

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from inference.errors import ForeignWeightsError
from inference.sandbox.environment import interpreter_environment
from inference.sandbox.weights_process import REFUSED

MAX_BYTES = 4_000_000_000  # checkpoints with the state of their training have up to 1 GB
_COMMAND = ("-W", "ignore", "-m", "inference.sandbox.weights_process")
_SECONDS = 300  # for a file of this size on a slow disk
_MAX_REASON = 500  # characters


def read_pickled(source: Path) -> dict[str, torch.Tensor]:
    """Return the tensors of a state dict that torch.save wrote.

    :raises ForeignWeightsError: if the file is too large, could run code, or contains no state dict.
    :raises OSError: if it cannot be read.
    """
    with source.open("rb") as file, TemporaryDirectory(prefix="fakeme-weights-") as folder:
        size = os.fstat(file.fileno()).st_size
        if size > MAX_BYTES:
            raise ForeignWeightsError(f"{source} has {size} bytes; weights may have up to {MAX_BYTES}")
        target, reason = Path(folder, "weights.safetensors"), Path(folder, "reason")
        with target.open("wb") as output, reason.open("wb") as errors:
            exit_code = _run(source, stdin=file.fileno(), stdout=output.fileno(), stderr=errors.fileno())
        if exit_code == REFUSED:
            raise ForeignWeightsError(f"{source} {_tail(reason)}")
        if exit_code != 0:
            raise ForeignWeightsError(
                f"{source} is not usable: the process that reads it ended with {exit_code} ({_tail(reason)})"
            )
        try:
            return load_file(target)
        except SafetensorError as error:
            raise ForeignWeightsError(
                f"{source} is not usable: the process that reads it gave an invalid answer ({error})"
            ) from error


def _run(source: Path, *, stdin: int, stdout: int, stderr: int) -> int:
    try:
        return subprocess.run(  # noqa: S603 - our own module
            [sys.executable, *_COMMAND, str(os.getpid())],
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            env=interpreter_environment(),
            timeout=_SECONDS,
            check=False,
        ).returncode
    except subprocess.TimeoutExpired as error:
        raise ForeignWeightsError(f"{source} is not usable: reading it takes over {_SECONDS} s") from error


def _tail(reason: Path) -> str:
    """Return the last line. The process may have been taken over, so it is cut and made printable."""
    with reason.open("rb") as file:
        file.seek(max(0, reason.stat().st_size - 4 * _MAX_REASON))
        lines = file.read().decode("utf-8", "replace").splitlines()
    line = lines[-1][:_MAX_REASON] if lines else "no reason given"
    return "".join(character if character.isprintable() else "�" for character in line)
