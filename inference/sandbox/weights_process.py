"""The process that reads pickled weights: confines itself, then writes them as safetensors.

Run as ``python -m inference.sandbox.weights_process PARENT`` with the file as standard input and files as
standard output and error. Exit code :data:`REFUSED`: the file was refused, for the reason in standard error.
"""

import io
import os
import re
import sys
from typing import BinaryIO

import torch
from safetensors.torch import save

from inference.errors import ForeignWeightsError
from inference.sandbox.confinement import compile_filter, die_with_parent, install_filter, limit_resources

REFUSED = 3
NESTED = ("state_dict", "model_state_dict", "model")  # keys under which training scripts store the weights
_COPIES = 5  # of the file in memory: as read, tensor by tensor, and as safetensors
_BASE_BYTES = 500_000_000
_FOREIGN_NAME = re.compile(r"GLOBAL (\S+) ")  # in torch's message about a class or function

State = dict[str, torch.Tensor]


def tensors_of(file: BinaryIO) -> State:
    """Return the tensors of a state dict that torch.save wrote, each with memory of its own.

    Raise :class:`~inference.errors.ForeignWeightsError` for anything else; its message needs a subject.
    """
    try:
        state = torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:
        name = _FOREIGN_NAME.search(str(error))
        what = f"it contains {name[1]}" if name else type(error).__name__
        raise ForeignWeightsError(
            f"is not a file of torch that contains only weights ({what}); reading it could run code, so it is"
            " rejected. Save only the weights, with the code that made it:"
            " torch.save(network.state_dict(), path)"
        ) from error
    for key in NESTED:
        if isinstance(state, dict) and isinstance(state.get(key), dict):
            state = state[key]
    if not isinstance(state, dict) or not all(isinstance(value, torch.Tensor) for value in state.values()):
        raise ForeignWeightsError(f"contains no state dict, nor one under {', '.join(NESTED)}")
    return {str(key): value.detach().clone().contiguous() for key, value in state.items()}


def _confine(file_bytes: int) -> None:
    memory = io.BytesIO()
    torch.save({"": torch.zeros(1)}, memory)
    memory.seek(0)
    save(tensors_of(memory))  # torch imports modules on first use, and a confined process can open no file
    limit_resources(
        memory_bytes=_BASE_BYTES + _COPIES * file_bytes, output_bytes=_BASE_BYTES + 2 * file_bytes
    )
    install_filter(compile_filter())


def main() -> None:
    """Read standard input."""
    die_with_parent(int(sys.argv[1]))
    _confine(os.fstat(sys.stdin.fileno()).st_size)
    try:
        # Its name is a number. Of a file with a text as its name, such as sys.stdin, torch needs the path.
        with open(sys.stdin.fileno(), "rb", closefd=False) as file:
            content = save(tensors_of(file))
    except ForeignWeightsError as refusal:
        print(refusal, file=sys.stderr)
        sys.exit(REFUSED)
    sys.stdout.buffer.write(content)


if __name__ == "__main__":
    main()
