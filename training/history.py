"""What a run reported: lines of JSON for programs and plots, and TensorBoard's events for those who watch."""

import json
from pathlib import Path

from training.errors import MissingPackageError

HISTORY_FILE = "history.jsonl"


class History:
    """Writes figures of a run into its folder; a resumed run goes on with the same files."""

    def __init__(self, folder: Path) -> None:
        """Raises :class:`~training.errors.MissingPackageError`."""
        try:
            from torch.utils.tensorboard import SummaryWriter  # noqa: PLC0415  (of the extra `train`)
        except ImportError as error:
            raise MissingPackageError("tensorboard is missing: install fakeme[train]") from error
        self._file = (folder / HISTORY_FILE).open("a", buffering=1)
        self._board = SummaryWriter(folder / "tensorboard")

    def write(self, pictures: int, figures: dict[str, float]) -> None:
        """Add figures (name to value) at a number of pictures seen."""
        self._file.write(json.dumps({"pictures": pictures} | figures) + "\n")
        for name, value in figures.items():
            self._board.add_scalar(name, value, pictures)
        self._board.flush()

    def close(self) -> None:
        self._file.close()
        self._board.close()


def read_history(folder: Path) -> list[dict[str, float]]:
    """Return the lines of a run; empty where it has not reported yet."""
    path = folder / HISTORY_FILE
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
