"""A picture or video of a collection, with its labels."""

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
    """How faces are framed in a collection's pictures, which decides how they are cropped."""

    SCENE = "scene"  # faces are detected and cropped
    ALIGNED = "aligned"  # one face fills the picture, which is kept unchanged


@dataclass(frozen=True, slots=True)
class RawMedia:
    """A media item with its labels; unknown values are empty.

    ``person`` is the visible person (the target of a swap), and ``source`` the person that provided the
    swapped face. Both are units: everything that must stay on one side of a split has the same name. Names
    start with the collection, because ids such as ``id0`` occur in several collections.
    """

    entry: Entry
    media: str  # unique in the collection
    forged: bool = False
    method: str = ""  # forgery method as named by the collection
    person: str = ""
    source: str = ""
    original: str = ""  # ``media`` of the item that it was made from
    group: str = ""
    sex: str = ""  # male, female
    age: int | None = None
    published: str = ""  # side in the split published by the authors
    framing: Framing = Framing.SCENE
    face: Face | None = None  # if labelled by the collection

    @property
    def kind(self) -> Kind:
        return Kind.VIDEO if self.entry.suffix in VIDEO_SUFFIXES else Kind.IMAGE


_SEXES = {
    **dict.fromkeys(("m", "male", "man", "남", "남성", "남자"), "male"),
    **dict.fromkeys(("f", "female", "woman", "여", "여성", "여자"), "female"),
}


def sex_of(text: str) -> str:
    """Return ``male``, ``female``, or an empty string for any other text."""
    return _SEXES.get(text.strip().lower(), "")
