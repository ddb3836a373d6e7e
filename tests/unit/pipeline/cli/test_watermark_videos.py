"""`fakeme watermark` with videos: the mark is in every second, and the rest of the file stays."""

import json
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from skimage import data
from typer.testing import CliRunner, Result

from benchmarks.pictures import decoded_video, encoded_video
from pipeline.cli import cli
from pipeline.operations.marked_video import VideoMarkError

KEY = "5a" * 32
RATE = 8  # frames a second: few, so that the tests are quick


@pytest.fixture(autouse=True)
def key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKEME_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("FAKEME_WATERMARK__KEY", KEY)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["watermark", *map(str, arguments)], catch_exceptions=False)


def read(file: Path) -> dict[str, object]:
    (answer,) = json.loads(run("read", file, "--json").stdout)
    return answer


def film(file: Path, seconds: int = 4, side: int = 384, rotation: int = 0, audio: bool = True) -> Path:
    """Write a video that pans over a photograph, with a tone."""
    image = cv2.resize(data.coffee(), None, fx=1.6, fy=1.6, interpolation=cv2.INTER_CUBIC)
    with av.open(str(file), "w") as output:
        video = output.add_stream("libx264", rate=RATE, options={"crf": "12"})
        video.width, video.height, video.pix_fmt = side, side, "yuv420p"
        if rotation:
            video.set_display_rotation(rotation)
        sound = output.add_stream("aac", rate=16_000) if audio else None
        for number in range(seconds * RATE):
            picture = np.ascontiguousarray(image[2 * number :, 4 * number :][:side, :side])
            output.mux(video.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        output.mux(video.encode(None))
        if sound is not None:
            tone = np.sin(np.arange(seconds * 16_000) / 9).astype(np.float32)[None]
            for start in range(0, tone.shape[1], 1_024):
                piece = np.ascontiguousarray(tone[:, start : start + 1_024])
                frame = av.AudioFrame.from_ndarray(piece, format="fltp", layout="mono")
                frame.sample_rate, frame.pts = 16_000, start
                output.mux(sound.encode(frame))
            output.mux(sound.encode(None))
    return file


def audio_of(file: Path) -> list[bytes]:
    with av.open(str(file)) as container:
        return [bytes(packet) for packet in container.demux(container.streams.audio[0]) if packet.size]


def test_a_marked_video_keeps_its_frames_and_its_audio(tmp_path: Path) -> None:
    source, target = film(tmp_path / "in.mp4"), tmp_path / "out.mp4"

    done = run("embed", source, "-o", target, "--payload", "abc")

    assert done.stdout.strip().endswith("carries 0000000000abc")
    before, after = (decoded_video(file.read_bytes()) for file in (source, target))
    assert [frame.shape for frame in after] == [frame.shape for frame in before]
    errors = [np.mean((one.astype(float) - other) ** 2) for one, other in zip(before, after, strict=True)]
    assert all(10 * np.log10(255**2 / error) > 34 for error in errors)  # the mark and the loss of H.264
    assert audio_of(target) == audio_of(source)
    assert (read(target)["present"], read(target)["payload"]) == (True, "0000000000abc")
    assert not read(source)["present"]


@pytest.mark.parametrize("start", [0, 1, 2])
def test_any_two_seconds_are_read_after_another_encoding(tmp_path: Path, start: int) -> None:
    target = tmp_path / "out.mp4"
    run("embed", film(tmp_path / "in.mp4", audio=False), "-o", target, "--payload", "abc")
    part = decoded_video(target.read_bytes())[start * RATE : (start + 2) * RATE]

    (tmp_path / "part.mp4").write_bytes(encoded_video(part, 28, RATE))

    assert read(tmp_path / "part.mp4")["payload"] == "0000000000abc"


def test_a_video_that_is_shown_turned_is_marked_upright(tmp_path: Path) -> None:
    source, target = film(tmp_path / "in.mp4", seconds=1, rotation=90), tmp_path / "out.mp4"
    run("embed", source, "-o", target, "--payload", "abc")

    answer = run("read", target, "--no-search", "--json").stdout

    assert json.loads(answer)[0]["payload"] == "0000000000abc"


def test_what_is_no_video_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "in.mp4").write_text("no video")
    with pytest.raises(VideoMarkError, match=r"cannot mark .*in\.mp4: Invalid data found"):
        run("embed", tmp_path / "in.mp4", "-o", tmp_path / "out.mp4", "--payload", "1")
    assert not (tmp_path / "out.mp4").exists()


def test_a_video_that_is_too_small_is_refused(tmp_path: Path) -> None:
    source = film(tmp_path / "in.mp4", seconds=1, side=96)
    with pytest.raises(VideoMarkError, match=r"it has 96 x 96 pixels, and a mark needs 128 each way"):
        run("embed", source, "-o", tmp_path / "out.mp4", "--payload", "1")
    assert not (tmp_path / "out.mp4").exists()
