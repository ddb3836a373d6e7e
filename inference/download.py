"""Download a file over HTTP or copy it from a disk: resumable, and verified by its hash before use."""

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit

import httpx

from inference.errors import DownloadError

TIMEOUT_SECONDS = 30.0  # without receiving a byte; the total time is not limited
_ALREADY_COMPLETE = 416  # RFC 9110, 15.5.17: there is nothing after the bytes that we have


def download(url: str, target: Path, *, sha256: str, progress: Callable[[int, int | None], None]) -> None:
    """Write the file at ``url`` (http, https, file, or a path) to ``target``.

    The file is written to ``target.part`` first; after an interruption, a second call requests only the rest.
    ``progress`` is called with the bytes received and the total, which is None if unknown.

    :raises DownloadError: if the file cannot be reached, the transfer is interrupted, or the hash differs.
    """
    part = target.with_name(f"{target.name}.part")
    try:
        if urlsplit(url).scheme in {"http", "https"}:
            _fetch(url, part, progress)
        else:
            _copy(Path(unquote(urlsplit(url).path)) if "://" in url else Path(url), part, progress)
        _verify(url, part, sha256)
        part.replace(target)
    except OSError as error:
        raise DownloadError(f"{url} cannot be copied to {target}: {error.strerror or error}") from error


def _fetch(url: str, part: Path, progress: Callable[[int, int | None], None]) -> None:
    received = part.stat().st_size if part.exists() else 0
    # Uncompressed, since the rest of a compressed response cannot be requested.
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={received}-"} if received else {})
    try:
        with httpx.stream(
            "GET", url, headers=headers, follow_redirects=True, timeout=TIMEOUT_SECONDS
        ) as response:
            if received and response.status_code == _ALREADY_COMPLETE:
                return
            response.raise_for_status()
            resumed = response.status_code == httpx.codes.PARTIAL_CONTENT
            _receive(response, part, received if resumed else 0, progress)
    except httpx.HTTPStatusError as error:
        raise DownloadError(f"{url} answers {error.response.status_code}; check the address") from error
    except httpx.ConnectError as error:
        raise DownloadError(
            f"{url} cannot be reached ({error}); if there is no network, copy the file to this machine and"
            " register its path instead"
        ) from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise DownloadError(f"{url} was interrupted ({error}); run the command again to resume") from error


def _receive(
    response: httpx.Response, part: Path, received: int, progress: Callable[[int, int | None], None]
) -> None:
    length = response.headers.get("Content-Length", "")
    total = received + int(length) if length.isdigit() else None
    with part.open("ab" if received else "wb") as file:
        for (
            chunk
        ) in response.iter_raw():  # unbuffered: with larger chunks, an interruption would lose the last
            file.write(chunk)
            received += len(chunk)
            progress(received, total)


def _copy(source: Path, part: Path, progress: Callable[[int, int | None], None]) -> None:
    shutil.copyfile(source, part)
    size = part.stat().st_size
    progress(size, size)


def _verify(url: str, part: Path, sha256: str) -> None:
    with part.open("rb") as file:
        actual = hashlib.file_digest(file, "sha256").hexdigest()
    if actual != sha256:
        part.unlink()  # none of it can be trusted, so the next attempt starts over
        raise DownloadError(f"{url} has sha256 {actual}, the registry says {sha256}; the file was deleted")
