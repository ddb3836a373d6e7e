"""Pickled weights are read in another process, whose answers are not believed."""

from pathlib import Path

import pytest
import torch
from torch import nn

from inference.errors import ForeignWeightsError
from inference.sandbox import weights_reader
from inference.sandbox.weights_reader import read_pickled


@pytest.mark.parametrize("zipped", [True, False], ids=["torch.save", "torch before 1.6"])
def test_weights_come_back(tmp_path: Path, zipped: bool) -> None:
    state = {"state_dict": {"a": torch.arange(3.0), "b": torch.tensor(7)}}
    torch.save(state, tmp_path / "w.pth", _use_new_zipfile_serialization=zipped)

    found = read_pickled(tmp_path / "w.pth")

    assert {key: value.tolist() for key, value in found.items()} == {"a": [0, 1, 2], "b": 7}


def test_refusal_names_the_file_and_the_reason(tmp_path: Path) -> None:
    torch.save({"model": nn.Linear(2, 1)}, tmp_path / "arcface_checkpoint.tar")

    with pytest.raises(ForeignWeightsError) as refusal:
        read_pickled(tmp_path / "arcface_checkpoint.tar")

    assert str(refusal.value) == (
        f"{tmp_path}/arcface_checkpoint.tar is not a file of torch that contains only weights (it contains"
        " torch.nn.modules.linear.Linear); reading it could run code, so it is rejected. Save only the"
        " weights, with the code that made it: torch.save(network.state_dict(), path)"
    )


@pytest.mark.parametrize(
    ("program", "message"),
    [
        (
            "import sys; sys.stderr.write('first\\nMemoryError\\x1b[2J'); sys.exit(1)",
            r"ended with 1 \(MemoryError�\[2J\)",
        ),
        ("import os; os.kill(os.getpid(), 9)", r"ended with -9 \(no reason given\)"),
        ("import sys; sys.stderr.write('x' * 9999); sys.exit(3)", r"w.pth x{500}$"),
        ("import time; time.sleep(60)", "reading it takes over 1 s"),
        ("print('no safetensors')", "gave an invalid answer"),
    ],
    ids=["error", "killed", "long reason", "hangs", "lies"],
)
def test_process_that_fails_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str, message: str
) -> None:
    # given a program in the place of the process
    (tmp_path / "w.pth").write_bytes(b"weights")
    monkeypatch.setattr(weights_reader, "_COMMAND", ("-c", program))
    if "sleep" in program:
        monkeypatch.setattr(weights_reader, "_SECONDS", 1)

    with pytest.raises(ForeignWeightsError, match=message):
        read_pickled(tmp_path / "w.pth")


def test_huge_file_is_refused_without_reading_it(tmp_path: Path) -> None:
    with (tmp_path / "w.pth").open("wb") as file:
        file.truncate(weights_reader.MAX_BYTES + 1)

    with pytest.raises(ForeignWeightsError, match="has 4000000001 bytes; weights may have up to 4000000000"):
        read_pickled(tmp_path / "w.pth")
