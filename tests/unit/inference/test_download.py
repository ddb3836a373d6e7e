"""Downloads: whole and right under their name, or not at all; what broke off is gone on with."""

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from inference.download import download
from inference.errors import DownloadError

CONTENT = bytes(range(256)) * 4096  # 1 MiB
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Shelf(ThreadingHTTPServer):
    """Serves CONTENT, in whole or by range; breaks off after ``breaks_after`` bytes while that is set."""

    breaks_after: int | None = None
    knows_ranges = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.asked: list[str | None] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/w.safetensors"


class Answer(BaseHTTPRequestHandler):
    server: Shelf

    def do_GET(self) -> None:
        asked = self.headers["Range"]
        self.server.asked.append(asked)
        if self.path != "/w.safetensors":
            return self.send_error(404)
        start = (
            int(asked.removeprefix("bytes=").removesuffix("-")) if asked and self.server.knows_ranges else 0
        )
        if start >= len(CONTENT):
            return self.send_error(416)
        body = CONTENT[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: self.server.breaks_after])
        return None

    def log_message(self, *_: object) -> None:
        """Tests need no log."""


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    server = Shelf()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "w.safetensors"


def ignore(_: int, __: int | None) -> None:
    """Progress that nobody looks at."""


def test_file_comes_whole_with_its_progress(shelf: Shelf, target: Path) -> None:
    told: list[tuple[int, int | None]] = []

    download(shelf.url, target, sha256=SHA256, progress=lambda done, total: told.append((done, total)))

    assert target.read_bytes() == CONTENT
    assert told[-1] == (len(CONTENT), len(CONTENT))
    assert list(target.parent.iterdir()) == [target]


def test_what_broke_off_is_gone_on_with(shelf: Shelf, target: Path) -> None:
    # given a download that broke off
    shelf.breaks_after = 300_000
    with pytest.raises(DownloadError, match=r"was interrupted .* run the command again to resume"):
        download(shelf.url, target, sha256=SHA256, progress=ignore)
    assert not target.exists()
    have = target.with_name("w.safetensors.part").stat().st_size
    assert 0 < have <= 300_000

    # when it is called again
    shelf.breaks_after = None
    download(shelf.url, target, sha256=SHA256, progress=ignore)

    # then the rest alone is asked for
    assert shelf.asked == [None, f"bytes={have}-"]
    assert target.read_bytes() == CONTENT


def test_server_without_ranges_sends_it_all_again(shelf: Shelf, target: Path) -> None:
    shelf.knows_ranges = False
    target.with_name("w.safetensors.part").write_bytes(CONTENT[:1000])

    download(shelf.url, target, sha256=SHA256, progress=ignore)

    assert target.read_bytes() == CONTENT


def test_part_that_is_all_there_is_only_checked(shelf: Shelf, target: Path) -> None:
    target.with_name("w.safetensors.part").write_bytes(CONTENT)

    download(shelf.url, target, sha256=SHA256, progress=ignore)

    assert target.read_bytes() == CONTENT


def test_other_bytes_are_not_kept(shelf: Shelf, target: Path) -> None:
    with pytest.raises(
        DownloadError, match=f"has sha256 {SHA256}, the registry says {'0' * 64}; the file was deleted"
    ):
        download(shelf.url, target, sha256="0" * 64, progress=ignore)

    assert list(target.parent.iterdir()) == []


def test_wrong_address_is_named(shelf: Shelf, target: Path) -> None:
    with pytest.raises(DownloadError, match=r"other\.safetensors answers 404"):
        download(shelf.url.replace("/w.", "/other."), target, sha256=SHA256, progress=ignore)


def test_no_network_is_said_in_words(target: Path) -> None:
    with pytest.raises(DownloadError, match=r"cannot be reached .* copy the file to this machine"):
        download("http://127.0.0.1:9/w.safetensors", target, sha256=SHA256, progress=ignore)


@pytest.mark.parametrize("scheme", ["", "file://"])
def test_file_of_this_machine_is_copied_and_checked(tmp_path: Path, target: Path, scheme: str) -> None:
    source = tmp_path / "with space" / "w.safetensors"
    source.parent.mkdir()
    source.write_bytes(CONTENT)

    download(source.as_uri() if scheme else str(source), target, sha256=SHA256, progress=ignore)

    assert (target.read_bytes(), source.read_bytes()) == (CONTENT, CONTENT)


def test_file_that_is_not_there_is_named(tmp_path: Path, target: Path) -> None:
    with pytest.raises(DownloadError, match=r"none\.safetensors cannot be copied .* No such file"):
        download(str(tmp_path / "none.safetensors"), target, sha256=SHA256, progress=ignore)
