"""Archives are seen as folders, in Korean and however they spell it, and what is broken is named."""

import io
import unicodedata
import zipfile

import pytest

from tests.unit.training.preprocess.trees import grow, tarred, zipped
from training.errors import MediaUnreadableError, SourceMissingError
from training.preprocess.archive import open_tree, read

KOREAN = "[원천][변조]vaild_dffs/가나다.mp4"


def contents(root):
    return {entry.path: read(entry) for entry in open_tree(root).entries}


def test_folders_zips_and_tars_are_one_tree(tmp_path):
    # given files in a folder, in a zip, and in a tar that writes "./" before its names
    files = {"a/1.jpg": b"one", "b.zip": zipped({"in/2.jpg": b"two"}), "c.tar": tarred({"./3.jpg": b"three"})}
    grow(tmp_path, {**files, "__MACOSX/._1.jpg": b"litter", "a/.DS_Store": b"litter"})

    # then each is there by its path, and litter is not
    assert contents(tmp_path) == {"a/1.jpg": b"one", "b.zip/in/2.jpg": b"two", "c.tar/3.jpg": b"three"}


def test_an_archive_alone_is_a_tree(tmp_path):
    grow(tmp_path, {"all.zip": zipped({"1.jpg": b"one"})})
    assert contents(tmp_path / "all.zip") == {"all.zip/1.jpg": b"one"}


def test_names_are_composed_whatever_the_disk_says(tmp_path):
    grow(tmp_path, {unicodedata.normalize("NFD", KOREAN): b"x"})
    assert contents(tmp_path) == {unicodedata.normalize("NFC", KOREAN): b"x"}


def test_zips_made_on_korean_windows(tmp_path):
    # given a zip whose names are CP949 without the mark for UTF-8
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("XXXXXX.mp4", b"x")
    raw = buffer.getvalue().replace(b"XXXXXX", "가나다".encode("cp949"))
    grow(tmp_path, {"a.zip": raw})

    assert contents(tmp_path) == {"a.zip/가나다.mp4": b"x"}


def test_a_broken_archive_is_named_and_the_rest_is_listed(tmp_path):
    whole = zipped({"1.jpg": b"one" * 1000})
    grow(tmp_path, {"broken.zip": whole[:40], "sealed.tar.gz": b"x", "2.jpg": b"two"})
    tree = open_tree(tmp_path)
    assert [entry.path for entry in tree.with_suffix({".jpg"})] == ["2.jpg"]
    reasons = {one.path: one.reason for one in tree.unreadable}
    assert reasons["broken.zip"].startswith("broken archive")
    assert "unpack it" in reasons["sealed.tar.gz"]


def test_a_damaged_member_cannot_be_read(tmp_path):
    grow(tmp_path, {"a.zip": zipped({"1.jpg": b"one" * 1000})})
    (entry,) = open_tree(tmp_path).entries
    path = tmp_path / "a.zip"
    path.write_bytes(path.read_bytes().replace(b"oneoneone", b"eno" * 3, 1))
    with pytest.raises(MediaUnreadableError, match=r"a\.zip/1\.jpg"):
        read(entry)


def test_a_source_that_is_not_there(tmp_path):
    with pytest.raises(SourceMissingError, match="nowhere"):
        open_tree(tmp_path / "nowhere")
