"""KoDF (Kwon et al., ICCV 2021; AI Hub 55, 딥페이크 변조 영상): videos, and labels in CSV files.

Folder names differ between releases and contain typos (``vaild_``), so the reader relies only on the label
columns and the video names.
"""

from collections.abc import Iterator

from training.preprocess.archive import Entry, SkippedFile, Tree
from training.preprocess.labels import read_rows
from training.preprocess.media import VIDEO_SUFFIXES, RawMedia, sex_of

VIDEO, PERSON, SEX = "영상ID", "UUID", "인물성별"
ORIGINAL, TARGET, SOURCE, METHOD = "타겟영상", "타겟UUID", "소스UUID", "변조모델"


def read_kodf(tree: Tree) -> Iterator[RawMedia | SkippedFile]:
    """Yield each video that is in a label file; persons are UUIDs."""
    labels = _labels(tree)
    for entry in tree.with_suffix(VIDEO_SUFFIXES):
        row = labels.get(entry.stem.lower())
        if row is None:
            yield SkippedFile(entry.path, f"no row with this {VIDEO} in the label files")
        else:
            yield _media(entry, row)


def _labels(tree: Tree) -> dict[str, dict[str, str]]:
    labels = {}
    for entry in tree.with_suffix({".csv"}):
        for row in read_rows(entry):
            if row.get(VIDEO):
                labels[_stem(row[VIDEO])] = row
    return labels


def _media(entry: Entry, row: dict[str, str]) -> RawMedia:
    forged = TARGET in row
    return RawMedia(
        entry,
        media=entry.stem.lower(),
        forged=forged,
        method=row.get(METHOD, ""),
        person=_person(row.get(TARGET if forged else PERSON, "")),
        source=_person(row.get(SOURCE, "")),
        original=_stem(row.get(ORIGINAL, "")),
        group="asian",
        sex=sex_of(row.get(SEX, "")),
        published=_published(entry.path),
    )


def _stem(name: str) -> str:
    """Return the name without extension; label files contain both forms."""
    lowered = name.lower()
    return next((lowered.removesuffix(end) for end in VIDEO_SUFFIXES if lowered.endswith(end)), lowered)


def _person(uuid: str) -> str:
    return f"kodf/{uuid.lower()}" if uuid else ""


def _published(path: str) -> str:
    return "validation" if any(word in path.lower() for word in ("valid", "vaild")) else "train"
