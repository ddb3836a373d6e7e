"""One reader for each collection layout: a function from the listed files to labelled media items."""

from collections.abc import Callable, Iterator

from training.preprocess.archive import SkippedFile, Tree
from training.preprocess.media import RawMedia
from training.preprocess.readers.celeb_df import read_celeb_df
from training.preprocess.readers.dfdc import read_dfdc
from training.preprocess.readers.faceforensics import read_faceforensics
from training.preprocess.readers.faces import read_faces
from training.preprocess.readers.kface import read_kface
from training.preprocess.readers.kodf import read_kodf
from training.preprocess.readers.people import read_people
from training.preprocess.readers.plain import read_plain
from training.preprocess.readers.vggface2_hq import read_vggface2_hq

Reader = Callable[[Tree], Iterator[RawMedia | SkippedFile]]

READERS: dict[str, Reader] = {
    "kodf": read_kodf,
    "kface": read_kface,
    "vggface2-hq": read_vggface2_hq,
    "faceforensics": read_faceforensics,
    "celeb-df": read_celeb_df,
    "dfdc": read_dfdc,
    "plain": read_plain,
    "people": read_people,
    "faces": read_faces,
}
