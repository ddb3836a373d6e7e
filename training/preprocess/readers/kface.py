"""K-FACE (AI Hub 83, 한국인 안면 이미지): ``ID_S001_L1_E01_C1.jpg``, or the same as folders; no forgeries.

S: accessories (001 none), L: lighting, E: expression, C: pose. Each photograph comes in three sizes; the
largest file is used.
"""

import re
from collections.abc import Iterator

from training.preprocess.archive import Entry, Tree
from training.preprocess.media import IMAGE_SUFFIXES, RawMedia

_NAME = re.compile(
    r"(?P<id>[^/_]+)[_/]S(?P<s>\d{3})[_/]L(?P<l>\d+)[_/]E(?P<e>\d+)[_/]C(?P<c>\d+)\.\w+$", re.IGNORECASE
)


def read_kface(tree: Tree) -> Iterator[RawMedia]:
    """Yield each photograph once; the person is its ID. Files with other names are ignored."""
    largest: dict[str, tuple[Entry, str]] = {}
    for entry in tree.with_suffix(IMAGE_SUFFIXES):
        match = _NAME.search(entry.path)
        if match is None:
            continue
        numbers = (f"{letter.upper()}{int(match[letter])}" for letter in "slec")
        media = "_".join((match["id"], *numbers))
        if media not in largest or entry.size > largest[media][0].size:
            largest[media] = (entry, match["id"])
    for media, (entry, person) in largest.items():
        yield RawMedia(entry, media=media, person=f"kface/{person}", group="asian")
