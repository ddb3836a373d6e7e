"""Downloads are complete and verified, or absent; interrupted ones resume."""

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


class FileServer(ThreadingHTTPServer):
    """Serves CONTENT, in full or by range; closes the connection after ``interrupt_after`` bytes, if set."""

    interrupt_after: int | None = None
    supports_ranges = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), RequestHandler)
        self.range_headers: list[str | None] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/w.safetensors"


class RequestHandler(BaseHTTPRequestHandler):
    server: FileServer

    def do_GET(self) -> None:
        range_header = self.headers["Range"]
        self.server.range_headers.append(range_header)
        if self.path != "/w.safetensors":
            return self.send_error(404)
        start = (
            int(range_header.removeprefix("bytes=").removesuffix("-"))
            if range_header and self.server.supports_ranges
            else 0
        )
        if start >= len(CONTENT):
            return self.send_error(416)
        body = CONTENT[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: self.server.interrupt_after])
        return None

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture
def server() -> Iterator[FileServer]:
    server = FileServer()
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
    """Ignore the progress."""


def test_file_is_complete_and_its_progress_reported(server: FileServer, target: Path) -> None:
    reports: list[tuple[int, int | None]] = []

    download(server.url, target, sha256=SHA256, progress=lambda done, total: reports.append((done, total)))

    assert target.read_bytes() == CONTENT
    assert reports[-1] == (len(CONTENT), len(CONTENT))
    assert list(target.parent.iterdir()) == [target]


def test_interrupted_download_resumes(server: FileServer, target: Path) -> None:
    # given an interrupted download
    server.interrupt_after = 300_000
    with pytest.raises(DownloadError, match=r"was interrupted .* run the command again to resume"):
        download(server.url, target, sha256=SHA256, progress=ignore)
    assert not target.exists()
    received = target.with_name("w.safetensors.part").stat().st_size
    assert 0 < received <= 300_000

    # when it is repeated
    server.interrupt_after = None
    download(server.url, target, sha256=SHA256, progress=ignore)

    # then only the rest is requested
    assert server.range_headers == [None, f"bytes={received}-"]
    assert target.read_bytes() == CONTENT


def test_server_without_ranges_sends_the_whole_file_again(server: FileServer, target: Path) -> None:
    server.supports_ranges = False
    target.with_name("w.safetensors.part").write_bytes(CONTENT[:1000])

    download(server.url, target, sha256=SHA256, progress=ignore)

    assert target.read_bytes() == CONTENT


def test_complete_part_is_only_verified(server: FileServer, target: Path) -> None:
    target.with_name("w.safetensors.part").write_bytes(CONTENT)

    download(server.url, target, sha256=SHA256, progress=ignore)

    assert target.read_bytes() == CONTENT


def test_file_with_another_hash_is_deleted(server: FileServer, target: Path) -> None:
    with pytest.raises(
        DownloadError, match=f"has sha256 {SHA256}, the registry says {'0' * 64}; the file was deleted"
    ):
        download(server.url, target, sha256="0" * 64, progress=ignore)

    assert list(target.parent.iterdir()) == []


def test_wrong_address_is_reported(server: FileServer, target: Path) -> None:
    with pytest.raises(DownloadError, match=r"other\.safetensors answers 404"):
        download(server.url.replace("/w.", "/other."), target, sha256=SHA256, progress=ignore)


def test_missing_network_is_reported(target: Path) -> None:
    with pytest.raises(DownloadError, match=r"cannot be reached .* copy the file to this machine"):
        download("http://127.0.0.1:9/w.safetensors", target, sha256=SHA256, progress=ignore)


@pytest.mark.parametrize("scheme", ["", "file://"])
def test_local_file_is_copied_and_verified(tmp_path: Path, target: Path, scheme: str) -> None:
    source = tmp_path / "with space" / "w.safetensors"
    source.parent.mkdir()
    source.write_bytes(CONTENT)

    download(source.as_uri() if scheme else str(source), target, sha256=SHA256, progress=ignore)

    assert (target.read_bytes(), source.read_bytes()) == (CONTENT, CONTENT)


def test_missing_file_is_reported(tmp_path: Path, target: Path) -> None:
    with pytest.raises(DownloadError, match=r"none\.safetensors cannot be copied .* No such file"):
        download(str(tmp_path / "none.safetensors"), target, sha256=SHA256, progress=ignore)
