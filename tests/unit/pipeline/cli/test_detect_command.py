"""`fakeme detect`: an answer for every file, in order, and the exit code."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage import data
from typer.testing import CliRunner, Result

from inference.media import MediaLimits, decode
from pipeline.cli import cli
from pipeline.errors import EvidenceFolderError
from pipeline.operations.local_detection import BATCH_FILES, READ_AHEAD, Refusal, detect_files, open_media
from pipeline.operations.local_evidence import write_evidence
from tests.unit.inference.explanation.analyses import analysis, face, media
from tests.unit.inference.media_samples import png_with_stated_size, still
from tests.unit.inference.random_checkpoint import random_checkpoint, save


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save(random_checkpoint(), tmp_path_factory.mktemp("model"))


def detect(model: Path, *arguments: object) -> Result:
    return CliRunner().invoke(cli, ["detect", "--device", "cpu", "--model", str(model), *map(str, arguments)])


def documents(result: Result) -> list[dict[str, object]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_json_has_one_line_per_file_in_order(model: Path, tmp_path: Path) -> None:
    Path(tmp_path / "얼굴.jpg").write_bytes(still("JPEG"))
    Image.fromarray(data.coffee()).save(tmp_path / "cup.png")
    (tmp_path / "cut.jpg").write_bytes(still("JPEG")[:5000])
    (tmp_path / "bomb.png").write_bytes(png_with_stated_size(60_000, 60_000))
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "misnamed.jpg").write_bytes(still("PNG"))
    names = ["얼굴.jpg", "cup.png", "cut.jpg", "bomb.png", "empty.jpg", "misnamed.jpg"]

    result = detect(model, *(tmp_path / name for name in names), "--json")

    answers = documents(result)
    assert result.exit_code == 0
    assert [answer["file"] for answer in answers] == [str(tmp_path / name) for name in names]
    assert [answer["reason"] for answer in answers] == [
        None,
        None,
        "truncated",
        "too_many_pixels",
        "empty",
        None,
    ]
    face, cup, cut, *_ = answers
    assert set(face) == {"file", "label", "score", "threshold", "faces", "reason", "detail", "evidence"}
    assert 0 < face["score"] < 1
    assert face["faces"][0]["score"] == face["score"]
    assert set(face["faces"][0]["box"]) == {"x0", "y0", "x1", "y1"}
    assert (cup["label"], cup["score"], cup["faces"]) == ("no_face", None, [])
    assert (cut["label"], cut["score"], cut["threshold"]) == ("unprocessable", None, 0.9)


def test_a_missing_file_is_reported_and_the_command_fails(model: Path, tmp_path: Path) -> None:
    (tmp_path / "face.jpg").write_bytes(still("JPEG"))
    os.mkfifo(tmp_path / "pipe")

    result = detect(model, tmp_path / "none.jpg", tmp_path / "pipe", tmp_path / "face.jpg", "--json")

    assert result.exit_code == 2
    assert [answer["reason"] for answer in documents(result)] == ["file_not_found", "file_unreadable", None]


def test_the_default_output_is_a_table(model: Path, tmp_path: Path) -> None:
    (tmp_path / "[b]x.png").write_bytes(b"")
    result = detect(model, tmp_path / "[b]x.png")
    assert result.exit_code == 0
    assert "unprocessable" in result.stdout
    assert "zero" in result.stdout  # the rest of the reason may be on the next line


def test_evidence_of_flagged_files_is_written_to_subfolders(tmp_path: Path) -> None:
    # given a model that suspects every face
    (tmp_path / "strict").mkdir()
    strict = save(random_checkpoint(tag=1.0, suspect=0.0), tmp_path / "strict")
    (tmp_path / "face.jpg").write_bytes(still("JPEG"))
    Image.fromarray(data.coffee()).save(tmp_path / "cup.png")

    # when
    files = [tmp_path / "face.jpg", tmp_path / "cup.png"]
    face, cup = documents(detect(strict, *files, "--json", "--explain", tmp_path / "why"))

    # then
    assert cup["evidence"] == []
    written = [Path(path) for path in face["evidence"]]
    assert [path.name for path in written] == ["face-0.jpg", "face-0-heat.jpg"]
    assert {path.parent.name.rsplit("-", 1)[0] for path in written} == {"face"}
    for path in written:
        with Image.open(path) as picture:
            assert picture.format == "JPEG"
            assert np.asarray(picture).std() > 20


def test_an_unwritable_evidence_folder_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    flagged = analysis(face(0.7))

    with pytest.raises(EvidenceFolderError, match=r"cannot write evidence to .*file/a-aaaaaaaa \("):
        write_evidence(tmp_path / "file", Path("a.jpg"), media(), flagged, NoNetworks())


def test_a_file_larger_than_the_limit_is_not_read(tmp_path: Path) -> None:
    large = tmp_path / "large.jpg"
    with large.open("wb") as file:
        file.truncate(10**12)  # sparse: takes no disk space, but does not fit into memory
    assert open_media(large, decode, MediaLimits()) == Refusal(
        "too_large", f"the file has {10**12} bytes; the limit is 200000000"
    )


class NoNetworks:
    """A detector for tests in which no file can be decoded."""

    card = random_checkpoint().card

    def analyse(self, media: list[object]) -> list[object]:
        assert media == []
        return []

    def explain(self, *_: object, **__: object) -> list[object]:
        return []


def test_read_ahead_is_bounded(tmp_path: Path) -> None:
    opened = 0

    def files() -> object:
        nonlocal opened
        for number in range(100):
            opened += 1
            yield tmp_path / f"{number}.jpg"

    answers = detect_files(NoNetworks(), decode, files(), MediaLimits())

    next(answers)
    assert opened <= BATCH_FILES + READ_AHEAD
    assert len(list(answers)) == 99


def test_answers_keep_the_order_of_files_over_several_batches(model: Path, tmp_path: Path) -> None:
    dark = tmp_path / "dark.png"
    Image.fromarray(np.zeros((30, 30, 3), np.uint8)).save(dark)
    files = [dark, tmp_path / "none.jpg"] * BATCH_FILES

    result = detect(model, *files, "--json")

    assert [answer["label"] for answer in documents(result)] == ["no_face", "unprocessable"] * BATCH_FILES


def test_a_folder_stands_for_all_files_below_it(model: Path, tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    for name in ("b/2.jpg", "a.jpg", ".hidden.jpg"):
        (tmp_path / name).write_bytes(b"\xff\xd8\xff")
    os.mkfifo(tmp_path / "pipe")

    result = detect(model, tmp_path, "--json")

    assert result.exit_code == 0
    assert [Path(str(answer["file"])).name for answer in documents(result)] == [
        ".hidden.jpg",
        "a.jpg",
        "2.jpg",
    ]


def test_file_names_and_details_cannot_control_the_terminal(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "red\x1b[31m.jpg").touch()
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/not-\xff-utf8.jpg")).touch()

    monkeypatch.setenv("COLUMNS", "400")  # no cell is wrapped
    result = detect(model, tmp_path)

    assert result.exit_code == 0
    assert "\x1b" not in result.stdout
    assert r"\x1b[31m" in result.stdout
