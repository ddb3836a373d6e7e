"""Archives are read as folders, with Korean names in several encodings; broken files are reported."""

import io
import unicodedata
import zipfile

import pytest

from tests.unit.training.preprocess.trees import tarred, write_files, zipped
from training.errors import MediaUnreadableError, SourceMissingError
from training.preprocess.archive import open_tree, read

KOREAN = "[원천][변조]vaild_dffs/가나다.mp4"


def contents(root):
    return {entry.path: read(entry) for entry in open_tree(root).entries}


def test_folders_zips_and_tars_form_one_tree(tmp_path):
    # given files in a folder, in a zip, and in a tar that writes "./" before its names
    files = {"a/1.jpg": b"one", "b.zip": zipped({"in/2.jpg": b"two"}), "c.tar": tarred({"./3.jpg": b"three"})}
    write_files(tmp_path, {**files, "__MACOSX/._1.jpg": b"metadata", "a/.DS_Store": b"metadata"})

    # then each file is listed by its path, and operating system metadata is not
    assert contents(tmp_path) == {"a/1.jpg": b"one", "b.zip/in/2.jpg": b"two", "c.tar/3.jpg": b"three"}


def test_a_single_archive_is_a_tree(tmp_path):
    write_files(tmp_path, {"all.zip": zipped({"1.jpg": b"one"})})
    assert contents(tmp_path / "all.zip") == {"all.zip/1.jpg": b"one"}


def test_names_are_normalised(tmp_path):
    write_files(tmp_path, {unicodedata.normalize("NFD", KOREAN): b"x"})
    assert contents(tmp_path) == {unicodedata.normalize("NFC", KOREAN): b"x"}


def test_zips_made_on_korean_windows(tmp_path):
    # given a zip with names in CP949, without the UTF-8 flag
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("XXXXXX.mp4", b"x")
    raw = buffer.getvalue().replace(b"XXXXXX", "가나다".encode("cp949"))
    write_files(tmp_path, {"a.zip": raw})

    assert contents(tmp_path) == {"a.zip/가나다.mp4": b"x"}


def test_a_broken_archive_is_reported_and_the_rest_is_listed(tmp_path):
    whole = zipped({"1.jpg": b"one" * 1000})
    write_files(tmp_path, {"broken.zip": whole[:40], "sealed.tar.gz": b"x", "2.jpg": b"two"})
    tree = open_tree(tmp_path)
    assert [entry.path for entry in tree.with_suffix({".jpg"})] == ["2.jpg"]
    reasons = {file.path: file.reason for file in tree.unreadable}
    assert reasons["broken.zip"].startswith("broken archive")
    assert "unpack it" in reasons["sealed.tar.gz"]


def test_a_damaged_member_raises(tmp_path):
    write_files(tmp_path, {"a.zip": zipped({"1.jpg": b"one" * 1000})})
    (entry,) = open_tree(tmp_path).entries
    path = tmp_path / "a.zip"
    path.write_bytes(path.read_bytes().replace(b"oneoneone", b"eno" * 3, 1))
    with pytest.raises(MediaUnreadableError, match=r"a\.zip/1\.jpg"):
        read(entry)


def test_a_missing_source_raises(tmp_path):
    with pytest.raises(SourceMissingError, match="nowhere"):
        open_tree(tmp_path / "nowhere")
