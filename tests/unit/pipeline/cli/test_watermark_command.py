"""`fakeme watermark` marks a picture, reads the mark, and names what is missing or wrong."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from pipeline.cli import cli
from pipeline.cli.watermark import EXIT_FILE_MISSING, WatermarkOptionError
from pipeline.demo import pictures
from pipeline.errors import SettingsError
from pipeline.operations.local_watermark import WatermarkError

KEY = "5a" * 32


@pytest.fixture
def picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FAKEME_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("FAKEME_WATERMARK__KEY", KEY)
    file = tmp_path / "portrait.jpg"
    file.write_bytes(pictures.jpeg(pictures.portrait()))
    return file


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["watermark", *map(str, arguments)], catch_exceptions=False)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp"])
def test_a_marked_picture_is_read(picture: Path, suffix: str) -> None:
    marked = picture.with_name(f"marked{suffix}")

    embedded = run("embed", picture, "-o", marked, "--payload", "abc123")
    (answer,) = json.loads(run("read", marked, "--json").stdout)

    assert embedded.stdout.endswith("carries 0000000abc123\n")
    assert (answer["present"], answer["payload"], answer["scheme"]) == (True, "0000000abc123", "fakeme-1")
    assert answer["confidence"] >= 1
    assert answer["false_positive_bound"] <= 1e-9


def test_an_unmarked_picture_and_a_text_are_told_apart(picture: Path) -> None:
    text = picture.with_name("text.txt")
    text.write_text("no picture")

    result = run("read", picture, text, "--json", "--no-search")
    unmarked, refused = json.loads(result.stdout)

    assert result.exit_code == EXIT_FILE_MISSING
    assert (unmarked["present"], unmarked["payload"], unmarked["problem"]) == (False, None, "")
    assert refused["problem"]
    assert "none found" in run("read", picture, "--no-search").stdout


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (
            ("-o", "out.jpg", "--payload", "xyz"),
            WatermarkOptionError,
            "is 'xyz': give up to 13 hex digits",
        ),
        (("-o", "out.jpg"), WatermarkOptionError, "--payload is missing"),
        (("-o", "out.jpg", "--payload", "1" * 14), WatermarkOptionError, "give up to 13 hex digits"),
        (
            ("-o", "out.gif", "--payload", "1"),
            WatermarkError,
            r"cannot write the mark to out\.gif: end its name in one of \.jpg",
        ),
    ],
)
def test_mistakes_are_named(
    picture: Path, arguments: tuple[str, ...], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        run("embed", picture, *arguments)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (("-o", "out.jpg"), WatermarkError, r"out\.jpg: end its name in one of \.png, \.tif, \.tiff"),
        (("-o", "out.png", "--text", "가짜"), WatermarkOptionError, "give printable ASCII"),
        (("-o", "out.png", "--text", "F" * 400), WatermarkError, "x .* pixels: the text"),
    ],
)
def test_mistakes_with_text_templates_are_named(
    picture: Path, arguments: tuple[str, ...], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        run("embed", picture, *arguments, "--scheme", "text-template")


def test_the_text_of_an_old_picture_is_recovered(picture: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FAKEME_WATERMARK__KEY")
    marked, folder = picture.with_name("old.png"), picture.parent / "texts"

    run("embed", picture, "-o", marked, "--scheme", "text-template", "--text", "MADE UP")
    options = ("--scheme", "text-template", "--recover", folder, "--json")
    old, unmarked = json.loads(run("read", marked, picture, *options).stdout)

    assert (old["present"], old["payload"], old["scheme"]) == (True, None, "text-template")
    assert (old["false_positive_bound"], unmarked["present"]) == (None, False)
    assert [file.name for file in folder.iterdir()] == ["old.png.text.png"]
    with pytest.raises(WatermarkOptionError, match="--recover needs --scheme text-template"):
        run("read", marked, "--recover", folder)


def test_a_file_that_is_no_picture_is_named(picture: Path) -> None:
    picture.write_text("no picture")
    with pytest.raises(WatermarkError, match=r"portrait\.jpg is not a picture that can be read"):
        run("embed", picture, "-o", picture.with_name("out.png"), "--payload", "1")


@pytest.mark.parametrize(
    ("key", "message"), [("", "there is no key"), ("5a", "has 2 characters"), ("zz" * 32, "64 hex digits")]
)
def test_a_missing_or_wrong_key_is_named(
    picture: Path, key: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKEME_WATERMARK__KEY", key)
    with pytest.raises((WatermarkError, SettingsError), match=message) as refused:
        run("read", picture)
    assert f"'{key}'" not in str(refused.value) or not key


def test_keys_are_random() -> None:
    keys = {run("key").stdout for _ in range(3)}
    assert len(keys) == 3
    assert {len(key.strip()) for key in keys} == {64}
