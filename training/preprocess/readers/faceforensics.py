"""FaceForensics++ (Roessler et al., ICCV 2019), with FaceShifter and DeepFakeDetection where they are.

``original_sequences/youtube/c23/videos/000.mp4``, ``manipulated_sequences/Deepfakes/c23/videos/000_003.mp4``
(target, source). Each video shows one person; those swapped with each other are one unit, which keeps every
forgery, as the published split does.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from training.preprocess.archive import Entry, Tree
from training.preprocess.labels import json_of
from training.preprocess.media import VIDEO_SUFFIXES, RawMedia

_PLACE = re.compile(
    r"(?P<whole>original|manipulated)_sequences/(?P<method>[^/]+)/(?P<quality>[^/]+)/videos/(?P<name>[^/]+)\.\w+$",
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
        """Target, then source; ``01_02__walking__ABC`` of the actors, ``000_003`` of the others."""
        numbers = self.name.split("__")[0].split("_")
        return tuple(f"actor-{number}" if self.actors else number for number in numbers)


def read_faceforensics(tree: Tree) -> Iterator[RawMedia]:
    """Each video of every method and quality that is there."""
    videos = [_video(entry, found) for entry, found in _places(tree)]
    sides, pairs = _published(tree)
    youtube = [video.persons for video in videos if not video.actors]
    units = _joined([*pairs, *youtube])
    for video in videos:
        yield _media(video, units, sides)


def _places(tree: Tree) -> Iterator[tuple[Entry, re.Match[str]]]:
    for entry in tree.with_suffix(VIDEO_SUFFIXES):
        found = _PLACE.search(entry.path)
        if found is not None:
            yield entry, found


def _video(entry: Entry, found: re.Match[str]) -> _Video:
    forged = found["whole"].lower() == "manipulated"
    return _Video(entry, forged, found["method"], found["quality"].lower(), found["name"])


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
    """Of the actors' forgeries only the scene is named, not the take: ``01_02__walking__ABC``."""
    if video.actors:
        target, _, scene = video.name.partition("__")
        return f"original/actors/{video.quality}/{target.split('_')[0]}__{scene.rpartition('__')[0]}"
    return f"original/youtube/{video.quality}/{video.name.split('_')[0]}"


def _unit(person: str, units: dict[str, str]) -> str:
    return f"faceforensics/{units.get(person, person)}"


def _published(tree: Tree) -> tuple[dict[str, str], list[tuple[str, ...]]]:
    """Side of each video as published, and the pairs: ``train.json`` is ``[["071", "054"], ...]``."""
    sides, pairs = {}, []
    for entry in tree.with_suffix({".json"}):
        side = _SIDES.get(entry.stem.lower())
        listed = json_of(entry) if side else []
        if side is None or not isinstance(listed, list):
            continue
        for pair in listed:
            pairs.append(tuple(str(name) for name in pair))
            sides.update(dict.fromkeys(pairs[-1], side))
    return sides, pairs


def _joined(links: Iterable[tuple[str, ...]]) -> dict[str, str]:
    """Name of the unit of each person: all who are linked, however far, joined by ``_``."""
    members: dict[str, set[str]] = {}
    for link in links:
        together = set(link).union(*(members.get(person, set()) for person in link))
        members.update(dict.fromkeys(together, together))
    return {person: "_".join(sorted(unit)) for person, unit in members.items()}
