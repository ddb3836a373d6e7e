"""The metrics history of a run: JSON lines for programs and plots, and TensorBoard events."""

import json
from pathlib import Path

from training.errors import MissingPackageError

HISTORY_FILE = "history.jsonl"


class History:
    """Writes the metrics of a run to its folder; a resumed run appends to the same files."""

    def __init__(self, folder: Path) -> None:
        """Raise :class:`~training.errors.MissingPackageError` if TensorBoard is missing."""
        try:
            from torch.utils.tensorboard import SummaryWriter  # noqa: PLC0415  (of the extra `train`)
        except ImportError as error:
            raise MissingPackageError("tensorboard is missing: install fakeme[train]") from error
        self._file = (folder / HISTORY_FILE).open("a", buffering=1)
        self._board = SummaryWriter(folder / "tensorboard")

    def write(self, pictures: int, figures: dict[str, float]) -> None:
        """Add metrics (name to value) at a number of training pictures."""
        self._file.write(json.dumps({"pictures": pictures} | figures) + "\n")
        for name, value in figures.items():
            self._board.add_scalar(name, value, pictures)
        self._board.flush()

    def close(self) -> None:
        self._file.close()
        self._board.close()


def read_history(folder: Path) -> list[dict[str, float]]:
    """Return the lines of a run; empty if it has not reported yet."""
    path = folder / HISTORY_FILE
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
