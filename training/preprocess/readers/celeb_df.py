"""Celeb-DF v2 (Li et al., CVPR 2020): ``Celeb-real/id0_0000.mp4``, ``YouTube-real/00000.mp4``,
``Celeb-synthesis/id0_id1_0000.mp4`` (target, source), and ``List_of_testing_videos.txt``.
"""

import re
from collections.abc import Iterator

from training.preprocess.archive import Entry, SkippedFile, Tree
from training.preprocess.labels import read_text
from training.preprocess.media import VIDEO_SUFFIXES, RawMedia

METHOD = "celeb-synthesis"
_FORGED = re.compile(r"(id\d+)_(id\d+)_(\d+)$", re.IGNORECASE)
_REAL = re.compile(r"(id\d+)_\d+$", re.IGNORECASE)


def read_celeb_df(tree: Tree) -> Iterator[RawMedia | SkippedFile]:
    """Yield each video of the three folders; persons in ``YouTube-real`` are unknown."""
    test_videos = _test_videos(tree)
    for entry in tree.with_suffix(VIDEO_SUFFIXES):
        folder = _folder(entry)
        media = f"{folder}/{entry.stem.lower()}"
        published = "test" if media in test_videos else ("train" if test_videos else "")
        if folder == "celeb-synthesis":
            yield _forged(entry, media, published)
        elif folder in {"celeb-real", "youtube-real"}:
            match = _REAL.match(entry.stem)
            person = _person(match[1]) if match else f"celeb-df/{media}"
            yield RawMedia(entry, media, person=person, published=published)
        else:
            yield SkippedFile(entry.path, "is not in Celeb-real, YouTube-real or Celeb-synthesis")


def _forged(entry: Entry, media: str, published: str) -> RawMedia | SkippedFile:
    names = _FORGED.match(entry.stem)
    if names is None:
        return SkippedFile(entry.path, "its name does not contain the persons (expected id0_id1_0000.mp4)")
    target, source, number = names.groups()
    return RawMedia(
        entry,
        media,
        forged=True,
        method=METHOD,
        person=_person(target),
        source=_person(source),
        original=f"celeb-real/{target.lower()}_{number}",
        published=published,
    )


def _folder(entry: Entry) -> str:
    """Return the last folder's name, normalised: lower case, with hyphens, without archive extension."""
    folder = entry.folders[-1] if entry.folders else ""
    return folder.lower().removesuffix(".zip").removesuffix(".tar").replace("_", "-").replace(" ", "-")


def _person(name: str) -> str:
    return f"celeb-df/{name.lower()}"


def _test_videos(tree: Tree) -> frozenset[str]:
    """Return the media of the published test split; lines look like ``1 YouTube-real/00170.mp4``."""
    lists = [
        entry for entry in tree.with_suffix({".txt"}) if entry.name.lower().startswith("list_of_testing")
    ]
    lines = [line.split() for entry in lists for line in read_text(entry).splitlines()]
    return frozenset(line[1].lower().rpartition(".")[0] for line in lines if len(line) == 2)
