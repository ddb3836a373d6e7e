"""The export folder: what it holds after it was settled, extended, or left half done."""

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
        folder.receive(sha256, ".jpg", b"picture")
    # when one is taken and the other left out
    folder.settle([sample()], [LeftOut("c2", Reason.CONFLICT, 1, TWO)])
    # then
    assert files(folder.root) == [f"fake/{ONE}.jpg", "labels.csv", "left-out.csv", "salt"]
    assert (folder.root / "left-out.csv").read_text().splitlines() == [
        "case,media,sha256,reason",
        f"c2,1,{TWO},conflict",
    ]
    again = ExportFolder.open(folder.root)
    assert (again.rows, again.salt) == ([sample()], folder.salt)
    assert again.media == {ONE: folder.root / "fake" / f"{ONE}.jpg"}


def test_what_was_decided_otherwise_moves_and_what_is_withdrawn_goes(tmp_path: Path) -> None:
    folder = ExportFolder.open(tmp_path)
    for sha256 in (ONE, TWO):
        folder.receive(sha256, ".jpg", b"picture")
    folder.settle([sample(ONE), sample(TWO)], [])
    ExportFolder.open(tmp_path).settle([sample(ONE, Truth.REAL)], [])
    assert files(tmp_path) == ["labels.csv", "left-out.csv", f"real/{ONE}.jpg", "salt"]


def test_bytes_that_are_there_are_not_kept_twice(tmp_path: Path) -> None:
    folder = ExportFolder.open(tmp_path)
    folder.receive(ONE, ".jpg", b"picture")
    folder.settle([sample(ONE)], [])
    again = ExportFolder.open(tmp_path)
    again.receive(ONE, ".jpeg", b"picture")
    again.settle([sample(ONE, Truth.REAL)], [])
    assert files(tmp_path) == ["labels.csv", "left-out.csv", f"real/{ONE}.jpg", "salt"]


def test_files_of_others_are_left_alone_and_half_written_ones_cleared(tmp_path: Path) -> None:
    folder = ExportFolder.open(tmp_path)
    (tmp_path / "real" / "mine.jpg").write_bytes(b"mine")
    (tmp_path / ".incoming" / f"{TWO}.jpg.partial").write_bytes(b"half")
    ExportFolder.open(tmp_path).settle([], [])
    assert files(tmp_path) == ["labels.csv", "left-out.csv", "real/mine.jpg", "salt"]
    assert folder.rows == []


def test_an_account_has_one_name_in_an_export_and_others_elsewhere(tmp_path: Path) -> None:
    here, there = ExportFolder.open(tmp_path / "a"), ExportFolder.open(tmp_path / "b")
    assert here.account("kim") == ExportFolder.open(tmp_path / "a").account("kim")
    assert len({here.account("kim"), here.account("lee"), there.account("kim")}) == 3
    assert stat.S_IMODE((tmp_path / "a" / "salt").stat().st_mode) == 0o600


def test_a_folder_with_other_things_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(ExportFolderError, match="is no export of labels"):
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
def test_a_broken_list_of_labels_is_named(tmp_path: Path, text: str, message: str) -> None:
    ExportFolder.open(tmp_path)
    (tmp_path / "labels.csv").write_text(text)
    with pytest.raises(ExportFolderError, match=message):
        ExportFolder.open(tmp_path)


def test_training_reads_what_is_listed_and_its_units(tmp_path: Path) -> None:
    folder = ExportFolder.open(tmp_path)
    folder.receive(ONE, ".jpg", b"picture")
    folder.settle([sample()], [])
    (tmp_path / "real" / "mine.jpg").write_bytes(b"mine")
    media, passed_over = list(read_plain(open_tree(tmp_path)))
    assert isinstance(media, RawMedia)
    assert (media.media, media.forged, media.person) == (f"fake/{ONE}.jpg", True, "u1")
    assert passed_over == SkippedFile("real/mine.jpg", "is not listed in labels.csv")
