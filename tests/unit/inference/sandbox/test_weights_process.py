"""What the process that reads pickled weights accepts, and what it cannot do."""

import io
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from inference.errors import ForeignWeightsError
from inference.sandbox.weights_process import tensors_of

STATE = {"layer.weight": torch.arange(6.0).reshape(2, 3), "layer.count": torch.tensor(7)}


def saved(content: object, **options: Any) -> io.BytesIO:
    file = io.BytesIO()
    torch.save(content, file, **options)
    file.seek(0)
    return file


@pytest.mark.parametrize(
    "file",
    [
        saved(STATE),
        saved(STATE, _use_new_zipfile_serialization=False),
        saved({"epoch": 20, "state_dict": STATE}),
        saved({"model_state_dict": STATE}),
        saved({"model": STATE, "optimizer": {"lr": 0.1}}),
    ],
    ids=["torch.save", "torch before 1.6", "state_dict", "model_state_dict", "model"],
)
def test_state_dict_is_read_from_every_layout(file: io.BytesIO) -> None:
    found = tensors_of(file)

    assert {key: value.tolist() for key, value in found.items()} == {
        "layer.weight": [[0, 1, 2], [3, 4, 5]],
        "layer.count": 7,
    }


def test_views_of_one_memory_become_independent() -> None:
    whole = torch.arange(6.0)

    found = tensors_of(saved({"a": whole, "b": whole[::2], "c": whole.reshape(2, 3).T}))

    assert found["b"].tolist() == [0, 2, 4]
    assert all(value.is_contiguous() for value in found.values())
    assert len({value.untyped_storage().data_ptr() for value in found.values()}) == 3


class Dangerous:
    """Creates a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return (Path.touch, (self.path,))


def test_no_code_in_a_file_runs(tmp_path: Path) -> None:
    with pytest.raises(ForeignWeightsError, match="could run code, so it is rejected"):
        tensors_of(saved({"state_dict": Dangerous(tmp_path / "ran")}))

    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("file", "message"),
    [
        (
            saved(nn.Linear(2, 1)),
            r"only weights \(it contains torch\.nn\.modules\.linear\.Linear\); .* rejected",
        ),
        (
            saved({"model": nn.DataParallel(nn.Linear(2, 1))}),
            r"it contains torch\.nn\.parallel\..*DataParallel",
        ),
        (
            io.BytesIO(b"no weights"),
            r"is not a file of torch that contains only weights \(UnpicklingError\); reading",
        ),
        (io.BytesIO(b""), r"is not a file of torch that contains only weights \(EOFError\); reading"),
        (saved([1, 2]), "contains no state dict, nor one under state_dict, model_state_dict, model"),
        (saved({"epoch": 20}), "contains no state dict"),
    ],
    ids=["module", "parallel module", "text", "empty", "list", "numbers"],
)
def test_file_without_weights_is_refused(file: io.BytesIO, message: str) -> None:
    with pytest.raises(ForeignWeightsError, match=message):
        tensors_of(file)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has system call filters")
def test_process_can_open_no_file_and_no_socket() -> None:
    # given a process that has confined itself, and then is taken over
    script = """
import socket
from inference.sandbox.weights_process import _confine
_confine(1000)
for attempt in (lambda: open("/etc/hostname"), lambda: socket.socket(), lambda: bytearray(10**9)):
    try:
        print(attempt())
    except (OSError, MemoryError) as error:
        print(type(error).__name__)
"""
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert ended.stdout.split() == ["PermissionError", "PermissionError", "MemoryError"]
