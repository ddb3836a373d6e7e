"""``stack.json``: addresses and processes of the running local stack, for other processes and the CLI."""

import json
import os
from pathlib import Path
from typing import Any

from infra.errors import StateFileError

NAME = "stack.json"


def write_state(folder: Path, state: dict[str, Any]) -> None:
    """Replace the file atomically; only its owner can read it, because it contains keys."""
    draft = folder / f"{NAME}.new"
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        json.dump(state, out, indent=2)
    draft.replace(folder / NAME)


def read_state(folder: Path) -> dict[str, Any] | None:
    """Return the last written state; None before the servers are ready and after they were stopped."""
    try:
        state = json.loads((folder / NAME).read_text())
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise StateFileError(f"{folder / NAME} is not JSON: run `fakeme down`, then `fakeme up`") from error
    return dict(state)


def remove_state(folder: Path) -> None:
    """Delete the file."""
    (folder / NAME).unlink(missing_ok=True)
