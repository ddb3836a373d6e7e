"""The export folder after an export, an extension and an interruption."""

import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.errors import ExportFolderError
from pipeline.operations.label_export.folder import COLUMNS, ExportFolder
from pipeline.operations.label_export.sample import LeftOut, Reason, Sample, Truth
from training.preprocess.archive import SkippedFile, open_tree
from training.preprocess.media import RawMedia
from training.preprocess.readers.plain import read_plain

ONE, TWO = "1" * 64, "2" * 64


def sample(sha256: str = ONE, truth: Truth = Truth.FAKE) -> Sample:
    return Sample(
        sha256=sha256,
        truth=truth,
        suffix=".jpg",
        case="c1",
        media=2,
        decided_at=datetime(2026, 11, 23, 12, tzinfo=UTC),
        decisions=3,
        model="lite0@0.1.0",
        score=0.25,
        pdq="0f" * 32,
        accounts=frozenset({"aa", "bb"}),
        unit="u1",
    )


def files(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def test_rows_are_read_as_they_were_written(tmp_path: Path) -> None:
    # given
    folder = ExportFolder.open(tmp_path / "set")
    for sha256 in (ONE, TWO):
        folder.store(sha256, ".jpg", b"picture")
    # when one is exported and the other left out
    folder.replace_contents([sample()], [LeftOut("c2", Reason.CONFLICT, 1, TWO)])
    # then
    assert files(folder.root) == [f"fake/{ONE}.jpg", "labels.csv", "left-out.csv", "salt"]
    assert (folder.root / "left-out.csv").read_text().splitlines() == [
        "case,media,sha256,reason",
        f"c2,1,{TWO},conflict",
    ]
    reopened = ExportFolder.open(folder.root)
    assert (reopened.rows, reopened.salt) == ([sample()], folder.salt)
    assert reopened.media == {ONE: folder.root / "fake" / f"{ONE}.jpg"}


def test_relabelled_files_move_and_withdrawn_files_are_deleted(tmp_path: Path) -> None:
    folder = ExportFolder.open(tmp_path)
    for sha256 in (ONE, TWO):
        folder.store(sha256, ".jpg", b"picture")
    folder.replace_contents([sample(ONE), sample(TWO)], [])
    ExportFolder.open(tmp_path).replace_contents([sample(ONE, Truth.REAL)], [])
    assert files(tmp_path) == ["labels.csv", "left-out.csv", f"real/{ONE}.jpg", "salt"]


def test_the_same_bytes_are_stored_once(tmp_path: Path) -> None:
    folder = ExportFolder.open(tmp_path)
    folder.store(ONE, ".jpg", b"picture")
    folder.replace_contents([sample(ONE)], [])
    reopened = ExportFolder.open(tmp_path)
    reopened.store(ONE, ".jpeg", b"picture")
    reopened.replace_contents([sample(ONE, Truth.REAL)], [])
    assert files(tmp_path) == ["labels.csv", "left-out.csv", f"real/{ONE}.jpg", "salt"]


def test_foreign_files_are_left_alone_and_incomplete_ones_deleted(tmp_path: Path) -> None:
    folder = ExportFolder.open(tmp_path)
    (tmp_path / "real" / "mine.jpg").write_bytes(b"mine")
    (tmp_path / ".incoming" / f"{TWO}.jpg.partial").write_bytes(b"half")
    ExportFolder.open(tmp_path).replace_contents([], [])
    assert files(tmp_path) == ["labels.csv", "left-out.csv", "real/mine.jpg", "salt"]
    assert folder.rows == []


def test_pseudonyms_are_specific_to_an_export(tmp_path: Path) -> None:
    first, second = ExportFolder.open(tmp_path / "a"), ExportFolder.open(tmp_path / "b")
    assert first.account("kim") == ExportFolder.open(tmp_path / "a").account("kim")
    assert len({first.account("kim"), first.account("lee"), second.account("kim")}) == 3
    assert stat.S_IMODE((tmp_path / "a" / "salt").stat().st_mode) == 0o600


def test_a_folder_with_other_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(ExportFolderError, match="is not a label export"):
        ExportFolder.open(tmp_path)
    assert files(tmp_path) == ["thesis.txt"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name,label\n", r"has the columns \['name', 'label'\]"),
        (f"{','.join(COLUMNS)}\n{ONE},maybe,{'x,' * 9}x\n", "line 2: 'maybe' is not a valid Truth"),
        (f"{','.join(COLUMNS)}\n{ONE},fake\n", "line 2: "),
    ],
)
def test_an_invalid_labels_file_is_reported(tmp_path: Path, text: str, message: str) -> None:
    ExportFolder.open(tmp_path)
    (tmp_path / "labels.csv").write_text(text)
    with pytest.raises(ExportFolderError, match=message):
        ExportFolder.open(tmp_path)


def test_training_reads_the_listed_files_and_their_units(tmp_path: Path) -> None:
    folder = ExportFolder.open(tmp_path)
    folder.store(ONE, ".jpg", b"picture")
    folder.replace_contents([sample()], [])
    (tmp_path / "real" / "mine.jpg").write_bytes(b"mine")
    media, passed_over = list(read_plain(open_tree(tmp_path)))
    assert isinstance(media, RawMedia)
    assert (media.media, media.forged, media.person) == (f"fake/{ONE}.jpg", True, "u1")
    assert passed_over == SkippedFile("real/mine.jpg", "is not listed in labels.csv")
