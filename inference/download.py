"""Brings one file here: over HTTP or from a disk, resumable, and under its name only when its hash is right.

Nothing is unpacked or run.
"""

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit

import httpx

from inference.errors import DownloadError

TIMEOUT_SECONDS = 30.0  # without a byte; a slow line may take as long as it needs
_HERE_ALREADY = 416  # RFC 9110, 15.5.17: nothing lies beyond the bytes that we have


def download(url: str, target: Path, *, sha256: str, progress: Callable[[int, int | None], None]) -> None:
    """Write what is at ``url`` (http, https, file, or a path) to ``target``.

    What has come lies in ``target.part`` meanwhile; a call after an interruption asks for the rest alone.
    ``progress`` is told the bytes that are here, and in all if that is known.

    :raises DownloadError: if it cannot be reached, breaks off, or has another hash.
    """
    part = target.with_name(f"{target.name}.part")
    try:
        if urlsplit(url).scheme in {"http", "https"}:
            _over_http(url, part, progress)
        else:
            _from_disk(Path(unquote(urlsplit(url).path)) if "://" in url else Path(url), part, progress)
        _check(url, part, sha256)
        part.replace(target)
    except OSError as error:
        raise DownloadError(f"{url} cannot be copied to {target}: {error.strerror or error}") from error


def _over_http(url: str, part: Path, progress: Callable[[int, int | None], None]) -> None:
    have = part.stat().st_size if part.exists() else 0
    # Bytes as they lie there: of a compressed answer the rest could not be asked for.
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    try:
        with httpx.stream(
            "GET", url, headers=headers, follow_redirects=True, timeout=TIMEOUT_SECONDS
        ) as answer:
            if have and answer.status_code == _HERE_ALREADY:
                return
            answer.raise_for_status()
            _receive(answer, part, have if answer.status_code == httpx.codes.PARTIAL_CONTENT else 0, progress)
    except httpx.HTTPStatusError as error:
        raise DownloadError(f"{url} answers {error.response.status_code}; is the address right?") from error
    except httpx.ConnectError as error:
        raise DownloadError(
            f"{url} cannot be reached ({error}); without a network, put the file on this machine and register"
            " its path instead"
        ) from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise DownloadError(f"{url} broke off ({error}); call it again to go on from there") from error


def _receive(
    answer: httpx.Response, part: Path, have: int, progress: Callable[[int, int | None], None]
) -> None:
    length = answer.headers.get("Content-Length", "")
    total = have + int(length) if length.isdigit() else None
    with part.open("ab" if have else "wb") as file:
        for chunk in answer.iter_raw():  # as it comes: gathered into larger chunks, the last would be lost
            file.write(chunk)
            have += len(chunk)
            progress(have, total)


def _from_disk(source: Path, part: Path, progress: Callable[[int, int | None], None]) -> None:
    shutil.copyfile(source, part)
    size = part.stat().st_size
    progress(size, size)


def _check(url: str, part: Path, sha256: str) -> None:
    with part.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != sha256:
        part.unlink()  # nothing of it can be trusted, so the next try begins anew
        raise DownloadError(f"{url} has sha256 {found}, the registry says {sha256}; it was not kept")
