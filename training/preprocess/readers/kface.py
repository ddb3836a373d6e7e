"""K-FACE (AI Hub 83, 한국인 안면 이미지): ``ID_S001_L1_E01_C1.jpg``, or the same as folders; no forgeries.

S: what is worn (001 nothing), L: light, E: expression, C: pose. Each photograph comes in three sizes, of
which the largest file is taken.
"""

import re
from collections.abc import Iterator

from training.preprocess.archive import Entry, Tree
from training.preprocess.media import IMAGE_SUFFIXES, RawMedia

_NAME = re.compile(
    r"(?P<id>[^/_]+)[_/]S(?P<s>\d{3})[_/]L(?P<l>\d+)[_/]E(?P<e>\d+)[_/]C(?P<c>\d+)\.\w+$", re.IGNORECASE
)


def read_kface(tree: Tree) -> Iterator[RawMedia]:
    """Each photograph once; the person is its ID. Files with other names are no photographs of the set."""
    largest: dict[str, tuple[Entry, str]] = {}
    for entry in tree.with_suffix(IMAGE_SUFFIXES):
        found = _NAME.search(entry.path)
        if found is None:
            continue
        numbers = (f"{letter.upper()}{int(found[letter])}" for letter in "slec")
        media = "_".join((found["id"], *numbers))
        if media not in largest or entry.size > largest[media][0].size:
            largest[media] = (entry, found["id"])
    for media, (entry, person) in largest.items():
        yield RawMedia(entry, media=media, person=f"kface/{person}", group="asian")
