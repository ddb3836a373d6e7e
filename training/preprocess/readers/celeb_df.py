"""Celeb-DF v2 (Li et al., CVPR 2020): ``Celeb-real/id0_0000.mp4``, ``YouTube-real/00000.mp4``,
``Celeb-synthesis/id0_id1_0000.mp4`` (target, source), and ``List_of_testing_videos.txt``.
"""

import re
from collections.abc import Iterator

from training.preprocess.archive import Entry, PassedOver, Tree
from training.preprocess.labels import text_of
from training.preprocess.media import VIDEO_SUFFIXES, RawMedia

METHOD = "celeb-synthesis"
_FORGED = re.compile(r"(id\d+)_(id\d+)_(\d+)$", re.IGNORECASE)
_REAL = re.compile(r"(id\d+)_\d+$", re.IGNORECASE)


def read_celeb_df(tree: Tree) -> Iterator[RawMedia | PassedOver]:
    """Each video of the three folders; who is in ``YouTube-real`` is not known."""
    testing = _testing(tree)
    for entry in tree.with_suffix(VIDEO_SUFFIXES):
        folder = _folder(entry)
        media = f"{folder}/{entry.stem.lower()}"
        published = "test" if media in testing else ("train" if testing else "")
        if folder == "celeb-synthesis":
            yield _forged(entry, media, published)
        elif folder in {"celeb-real", "youtube-real"}:
            known = _REAL.match(entry.stem)
            yield RawMedia(
                entry, media, person=_person(known[1]) if known else f"celeb-df/{media}", published=published
            )
        else:
            yield PassedOver(entry.path, "lies neither in Celeb-real, YouTube-real nor Celeb-synthesis")


def _forged(entry: Entry, media: str, published: str) -> RawMedia | PassedOver:
    names = _FORGED.match(entry.stem)
    if names is None:
        return PassedOver(entry.path, "its name does not say who is in it (id0_id1_0000.mp4 is expected)")
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
    """The last folder's name as it should be: lower-case, with a hyphen, without an archive's ending."""
    folder = entry.folders[-1] if entry.folders else ""
    return folder.lower().removesuffix(".zip").removesuffix(".tar").replace("_", "-").replace(" ", "-")


def _person(name: str) -> str:
    return f"celeb-df/{name.lower()}"


def _testing(tree: Tree) -> frozenset[str]:
    """Media of the published test: lines such as ``1 YouTube-real/00170.mp4``."""
    lists = [
        entry for entry in tree.with_suffix({".txt"}) if entry.name.lower().startswith("list_of_testing")
    ]
    lines = [line.split() for entry in lists for line in text_of(entry).splitlines()]
    return frozenset(line[1].lower().rpartition(".")[0] for line in lines if len(line) == 2)
