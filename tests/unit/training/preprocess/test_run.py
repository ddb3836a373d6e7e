"""Preprocessing runs: round trip, resuming after a kill without loss or duplicates, and failures."""

import csv
import signal
import subprocess
import sys
import time
from collections import Counter

import cv2
import numpy as np
import psutil
import pytest

from tests.unit.training.preprocess.trees import jpeg, people, write_files
from training.datasets import decode, read_collection
from training.errors import CollectionUnreadableError, FolderBusyError, OptionsChangedError
from training.preprocess import index, pool, shards
from training.preprocess.extraction import extract
from training.preprocess.options import Options
from training.preprocess.parts import FOLDER, read_parts, write_part
from training.preprocess.run import Preprocessing

OPTIONS = Options("people")


def no_faces(images):
    raise AssertionError("the collection labels its faces; none may be detected")


@pytest.fixture
def source(tmp_path):
    """Ten pictures of three persons, and a broken file."""
    pictures = {f"{number:02}.jpg": (f"p{number % 3}", jpeg(number)) for number in range(10)}
    return people(tmp_path / "in", {**pictures, "99.jpg": ("p1", b"\xff\xd8\xff broken")})


def work_in_process(preprocessing, folder):
    """Do the pool's work in this process, in parts of three."""
    pending = preprocessing.pending()
    for start in range(0, len(pending), 3):
        write_part(folder, [extract(media, OPTIONS, no_faces) for media in pending[start : start + 3]])


def run_in_process(source, folder):
    with Preprocessing(source, folder, OPTIONS) as preprocessing:
        work_in_process(preprocessing, folder)
        return preprocessing.finish()


def contents(folder):
    """Return the shards of a finished folder by name."""
    return {path.name: path.read_bytes() for path in folder.glob("*.tar")}


def names(folder):
    return sorted(photo.name for photo in read_collection(folder))


def test_round_trip(source, tmp_path):
    # when a collection is preprocessed
    summary = run_in_process(source, tmp_path / "out")

    # then each readable picture is kept byte for byte with its labels
    photos = {photo.name: photo for photo in read_collection(tmp_path / "out")}
    assert sorted(photos) == [f"{number:02}.jpg" for number in range(10)]
    photo = photos["04.jpg"]
    assert photo.encoded == jpeg(4)
    assert decode(photo).shape == (96, 96, 3)
    assert (photo.collection, photo.unit, photo.media, photo.forged) == ("people", "p1", "04.jpg", False)
    assert photo.box.tolist() == [10, 10, 86, 86]
    assert photo.landmarks.tolist()[2] == [48, 50]

    # and the broken file is counted and reported, and no part keeps its crops
    assert (summary.media, summary.crops, summary.shards, summary.failed) == (11, 10, 1, 1)
    with (tmp_path / "out" / "failures.csv").open() as file:
        (failure,) = csv.DictReader(file)
    assert (failure["what"], failure["path"]) == ("failed", "people-0.tar/99.jpg")
    assert failure["reason"].startswith("truncated")
    assert not list((tmp_path / "out" / FOLDER).rglob("*.tar"))


def test_a_second_run_processes_only_new_files(source, tmp_path):
    folder = tmp_path / "out"
    run_in_process(source, folder)
    before = contents(folder)

    # when the broken file is repaired and another file is added
    pictures = {f"{number:02}.jpg": (f"p{number % 3}", jpeg(number)) for number in range(10)}
    people(source, {**pictures, "99.jpg": ("p1", jpeg(99)), "new.jpg": ("p1", jpeg(100))})
    summary = run_in_process(source, folder)

    # then both are included, the first shard is unchanged, and nothing failed
    assert (summary.media, summary.crops, summary.shards, summary.failed) == (12, 12, 2, 0)
    assert len(names(folder)) == 12
    assert before.items() <= contents(folder).items()


def test_a_third_run_changes_nothing(source, tmp_path):
    folder = tmp_path / "out"
    run_in_process(source, folder)
    before = contents(folder), index.read_table(folder / index.NAME)
    run_in_process(source, folder)
    assert contents(folder) == before[0]
    assert index.read_table(folder / index.NAME).equals(before[1])


def test_a_kill_while_packing_loses_and_duplicates_nothing(source, tmp_path, monkeypatch):
    folder = tmp_path / "out"
    with Preprocessing(source, folder, OPTIONS) as preprocessing:
        work_in_process(preprocessing, folder)

        # given a run that dies after writing the shards and before writing the index
        def die(path, table):
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(shards.index, "write_table", die)
            with pytest.raises(KeyboardInterrupt):
                preprocessing.finish()

        # and one that dies after writing the index and before deleting the crops of the parts
        crops = {part.crops: part.crops.read_bytes() for part in read_parts(folder)}
        preprocessing.finish()
        for path, content in crops.items():
            path.write_bytes(content)

    # when the run is resumed
    run_in_process(source, folder)

    # then each picture is included once
    assert names(folder) == [f"{number:02}.jpg" for number in range(10)]
    assert not list((folder / FOLDER).rglob("*.tar"))


def test_media_in_two_parts_are_used_once(source, tmp_path):
    # given two parts with the same media items, for example from a worker that outlived its parent
    folder = tmp_path / "out"
    with Preprocessing(source, folder, OPTIONS) as preprocessing:
        pending = preprocessing.pending()[:3]
        for _ in range(2):
            write_part(folder, [extract(media, OPTIONS, no_faces) for media in pending])
        assert preprocessing.finish().crops == 3
    assert names(folder) == ["00.jpg", "01.jpg", "02.jpg"]


def wait_for_end(pid):
    """Wait until a process has ended, as workers must when their parent ends."""
    deadline = time.monotonic() + 60
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline, f"process {pid} outlives its parent"
        time.sleep(0.05)


KILLED = """
import multiprocessing, os, signal, sys
from pathlib import Path
from training.preprocess.options import Options
from training.preprocess.run import Preprocessing
with Preprocessing(Path(sys.argv[1]), Path(sys.argv[2]), Options("people")) as preprocessing:
    for _ in preprocessing.work(preprocessing.pending(), workers=1):
        print(*(child.pid for child in multiprocessing.active_children()), flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_run_is_resumed_without_loss_or_duplicates(tmp_path):
    # given a run with worker processes that is killed once its first part is on disk
    count = 2 * pool.BATCH["image"] + 5
    source = people(
        tmp_path / "in", {f"{number:03}.jpg": (f"p{number % 9}", jpeg(number)) for number in range(count)}
    )
    folder = tmp_path / "out"
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, source, folder], stdout=subprocess.PIPE, check=False
    )
    assert killed.returncode == -signal.SIGKILL
    (worker,) = (int(pid) for pid in killed.stdout.split())
    wait_for_end(worker)
    done = sum(len(part.outcomes) for part in read_parts(folder))
    assert done > 0
    assert not (folder / index.NAME).exists()

    # when the run is resumed
    summary = run_in_process(source, folder)

    # then the folder is identical to that of an uninterrupted run
    assert (summary.media, summary.crops) == (count, count)
    run_in_process(source, tmp_path / "whole")
    assert contents(folder) == contents(tmp_path / "whole")
    tables = [index.read_table(path / index.NAME) for path in (folder, tmp_path / "whole")]
    assert tables[0].to_pylist() == tables[1].to_pylist()


def test_changed_options_are_rejected(source, tmp_path):
    run_in_process(source, tmp_path / "out")
    with (
        pytest.raises(OptionsChangedError, match=r"started with margin 0\.6 \(now 0\.3\)"),
        Preprocessing(source, tmp_path / "out", Options("people", margin=0.3)),
    ):
        pass


def test_concurrent_runs_are_rejected(source, tmp_path):
    with (
        Preprocessing(source, tmp_path / "out", OPTIONS),
        pytest.raises(FolderBusyError),
        Preprocessing(source, tmp_path / "out", OPTIONS),
    ):
        pass


def test_crops_are_grouped_by_size():
    assert list(shards.group_by_size(list("abcd"), [40_000, 40_000, 20_000, 300_000], limit=100_000)) == [
        ["a", "b"],
        ["c"],
        ["d"],
    ]


def test_missing_crops_of_a_part_raise(source, tmp_path):
    folder = tmp_path / "out"
    run_in_process(source, folder)
    (folder / index.NAME).unlink()
    with pytest.raises(CollectionUnreadableError, match="preprocess into a new folder"):
        run_in_process(source, folder)
    assert list(folder.glob("*.tar"))


@pytest.mark.parametrize("damage", ["missing", "shorter"])
def test_a_shard_that_does_not_match_the_index_raises(source, tmp_path, damage):
    folder = tmp_path / "out"
    run_in_process(source, folder)
    (shard,) = folder.glob("*.tar")
    if damage == "missing":
        shard.unlink()
    else:
        shard.write_bytes(shard.read_bytes()[:2048])
    with pytest.raises(CollectionUnreadableError, match=shard.name):
        read_collection(folder)


def test_a_folder_without_index_raises(tmp_path):
    with pytest.raises(CollectionUnreadableError, match=r"index\.parquet does not exist"):
        read_collection(write_files(tmp_path, {"x": b""}))


def test_rejected_faces_are_counted_by_reason(tmp_path):
    flat = cv2.imencode(".jpg", np.full((96, 96, 3), 90, np.uint8))[1].tobytes()
    source = people(tmp_path / "in", {"flat.jpg": ("p1", flat), "good.jpg": ("p2", jpeg(1))})
    summary = run_in_process(source, tmp_path / "out")
    assert (summary.crops, summary.rejected) == (1, Counter(blurred=1))
