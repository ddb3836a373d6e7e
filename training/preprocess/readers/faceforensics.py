"""FaceForensics++ (Roessler et al., ICCV 2019), including FaceShifter and DeepFakeDetection if present.

``original_sequences/youtube/c23/videos/000.mp4``, ``manipulated_sequences/Deepfakes/c23/videos/000_003.mp4``
(target, source). Each video shows one person. Persons that are swapped with each other form one unit, so that
every forgery can be used, as in the published split.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from training.preprocess.archive import Entry, Tree
from training.preprocess.labels import read_json
from training.preprocess.media import VIDEO_SUFFIXES, RawMedia

_PATH = re.compile(
    r"(?P<kind>original|manipulated)_sequences/(?P<method>[^/]+)/(?P<quality>[^/]+)/videos/(?P<name>[^/]+)\.\w+$",
    re.IGNORECASE,
)
_ACTORS = "deepfakedetection"  # its originals are in original_sequences/actors
_SIDES = {"train": "train", "val": "validation", "test": "test"}


@dataclass(frozen=True, slots=True)
class _Video:
    entry: Entry
    forged: bool
    method: str
    quality: str
    name: str

    @property
    def actors(self) -> bool:
        return self.method.lower() in {_ACTORS, "actors"}

    @property
    def persons(self) -> tuple[str, ...]:
        """Target, then source; names look like ``01_02__walking__ABC`` (actors) or ``000_003`` (others)."""
        numbers = self.name.split("__")[0].split("_")
        return tuple(f"actor-{number}" if self.actors else number for number in numbers)


def read_faceforensics(tree: Tree) -> Iterator[RawMedia]:
    """Yield each video of every available method and quality."""
    videos = [_video(entry, match) for entry, match in _matching_entries(tree)]
    sides, pairs = _published(tree)
    youtube = [video.persons for video in videos if not video.actors]
    units = _connected_units([*pairs, *youtube])
    for video in videos:
        yield _media(video, units, sides)


def _matching_entries(tree: Tree) -> Iterator[tuple[Entry, re.Match[str]]]:
    for entry in tree.with_suffix(VIDEO_SUFFIXES):
        match = _PATH.search(entry.path)
        if match is not None:
            yield entry, match


def _video(entry: Entry, match: re.Match[str]) -> _Video:
    forged = match["kind"].lower() == "manipulated"
    return _Video(entry, forged, match["method"], match["quality"].lower(), match["name"])


def _media(video: _Video, units: dict[str, str], sides: dict[str, str]) -> RawMedia:
    persons = video.persons
    kind = "manipulated" if video.forged else "original"
    return RawMedia(
        video.entry,
        media=f"{kind}/{video.method}/{video.quality}/{video.name}",
        forged=video.forged,
        method=video.method if video.forged else "",
        person=_unit(persons[0], units),
        source=_unit(persons[1], units) if video.forged and len(persons) > 1 else "",
        original=_original(video) if video.forged else "",
        published=sides.get(persons[0], ""),
    )


def _original(video: _Video) -> str:
    """Return the original's media id; names of the actors' forgeries contain the scene but not the take."""
    if video.actors:
        target, _, scene = video.name.partition("__")
        return f"original/actors/{video.quality}/{target.split('_')[0]}__{scene.rpartition('__')[0]}"
    return f"original/youtube/{video.quality}/{video.name.split('_')[0]}"


def _unit(person: str, units: dict[str, str]) -> str:
    return f"faceforensics/{units.get(person, person)}"


def _published(tree: Tree) -> tuple[dict[str, str], list[tuple[str, ...]]]:
    """Return each person's published side, and the pairs; ``train.json`` is ``[["071", "054"], ...]``."""
    sides, pairs = {}, []
    for entry in tree.with_suffix({".json"}):
        side = _SIDES.get(entry.stem.lower())
        listed = read_json(entry) if side else []
        if side is None or not isinstance(listed, list):
            continue
        for pair in listed:
            pairs.append(tuple(str(name) for name in pair))
            sides.update(dict.fromkeys(pairs[-1], side))
    return sides, pairs


def _connected_units(links: Iterable[tuple[str, ...]]) -> dict[str, str]:
    """Return each person's unit: the names of all directly or indirectly linked persons, joined by ``_``."""
    members: dict[str, set[str]] = {}
    for link in links:
        together = set(link).union(*(members.get(person, set()) for person in link))
        members.update(dict.fromkeys(together, together))
    return {person: "_".join(sorted(unit)) for person, unit in members.items()}
