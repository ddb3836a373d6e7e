"""What a folder of crops was made with; it is kept in the folder, since one folder holds one way."""

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path

from training.errors import OptionsChangedError

NAME = "options.json"


@dataclass(frozen=True, slots=True)
class Options:
    """How media become crops."""

    layout: str
    size: int = 224  # edge of a crop in pixels
    margin: float = 0.6  # the square is 1.6 times the face: room to jitter the framing in training
    frames: int = 16  # of a video, in the middles of equal parts
    faces: int = 1  # of a frame, largest first; a second one in a forged video is often not forged
    min_pixels: float = 56.0
    min_sharpness: float = 12.0


def keep_options(folder: Path, options: Options) -> None:
    """Write the options to ``folder``, or compare them with those that it was begun with.

    Raises :class:`OptionsChangedError`.
    """
    path, wanted = folder / NAME, dataclasses.asdict(options)
    if not path.exists():
        path.write_text(json.dumps(wanted, indent=2) + "\n")
        return
    begun = json.loads(path.read_text())
    changed = [name for name in wanted if begun.get(name) != wanted[name]]
    if changed:
        said = ", ".join(f"{name} {begun.get(name)} (now {wanted[name]})" for name in changed)
        raise OptionsChangedError(f"{folder} was begun with {said}; use the same, or another folder")
