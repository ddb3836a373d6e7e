"""One picture or video of a collection, and what the collection says about it."""

from dataclasses import dataclass
from enum import StrEnum

from inference.face import Face
from training.preprocess.archive import Entry

IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".heic", ".avif"})
VIDEO_SUFFIXES = frozenset({".mp4", ".mov", ".m4v", ".webm", ".mkv"})
MEDIA_SUFFIXES = IMAGE_SUFFIXES | VIDEO_SUFFIXES


class Kind(StrEnum):
    IMAGE = "image"
    VIDEO = "video"


class Framing(StrEnum):
    """How faces lie in a collection's pictures, which decides what is cut."""

    SCENE = "scene"  # faces are looked for and cut out
    ALIGNED = "aligned"  # one face fills the picture, which is kept as it is


@dataclass(frozen=True, slots=True)
class RawMedia:
    """A file with its labels; what is not known is empty.

    ``person`` is who is seen (the target of a swap) and ``source`` whose face was put in, both as units:
    whatever must be on one side of a split has one name. Names hold the collection, since ``id0`` of one is
    not ``id0`` of another.
    """

    entry: Entry
    media: str  # unique in the collection
    forged: bool = False
    method: str = ""  # of the forgery, in the collection's words
    person: str = ""
    source: str = ""
    original: str = ""  # ``media`` that it was made from
    group: str = ""
    sex: str = ""  # male, female
    age: int | None = None
    published: str = ""  # side in the split that its authors published
    framing: Framing = Framing.SCENE
    face: Face | None = None  # where the collection says it

    @property
    def kind(self) -> Kind:
        return Kind.VIDEO if self.entry.suffix in VIDEO_SUFFIXES else Kind.IMAGE


_SEXES = {
    **dict.fromkeys(("m", "male", "man", "남", "남성", "남자"), "male"),
    **dict.fromkeys(("f", "female", "woman", "여", "여성", "여자"), "female"),
}


def sex_of(text: str) -> str:
    """``male``, ``female``, or empty for what says neither."""
    return _SEXES.get(text.strip().lower(), "")
