"""Preprocessing options, stored in the output folder so that all its crops are made in the same way."""

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path

from training.errors import OptionsChangedError

NAME = "options.json"


@dataclass(frozen=True, slots=True)
class Options:
    """How crops are made from media items."""

    layout: str
    size: int = 224  # edge of a crop in pixels
    margin: float = 0.6  # the crop is 1.6 times the face, so that training can jitter the framing
    frames: int = 16  # of a video, at the centres of equal intervals
    faces: int = 1  # of a frame, largest first; in a forged video a second face is often real
    min_pixels: float = 56.0
    min_sharpness: float = 12.0


def save_or_check_options(folder: Path, options: Options) -> None:
    """Write the options to ``folder``; if it already has some, they must be the same.

    Raises :class:`OptionsChangedError`.
    """
    path, values = folder / NAME, dataclasses.asdict(options)
    if not path.exists():
        path.write_text(json.dumps(values, indent=2) + "\n")
        return
    stored = json.loads(path.read_text())
    changed = [name for name in values if stored.get(name) != values[name]]
    if changed:
        differences = ", ".join(f"{name} {stored.get(name)} (now {values[name]})" for name in changed)
        raise OptionsChangedError(
            f"{folder} was started with {differences}; use the same options or another folder"
        )
