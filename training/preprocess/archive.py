"""Folders, zips and tars behind one interface: every archive is seen as a folder of its own name.

What the files mean is left to the readers.
"""

import os
import posixpath
import tarfile
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from training.errors import MediaUnreadableError, SourceMissingError

_UTF8_NAMES = 0x800  # flag bit 11 of a zip member (APPNOTE 6.3.10, 4.4.4)
_OPEN_ZIPS = 8  # a zip's directory is read once a process; KoDF comes in dozens of zips
_UNPACKED_ELSEWHERE = (".tar.gz", ".tgz", ".7z", ".rar", ".part0")  # no way to a single file in them


@dataclass(frozen=True, slots=True)
class Entry:
    """One file: ``path`` is below the root with ``/`` between and in NFC, archives taken for folders."""

    path: str
    container: Path  # the file itself, or the archive it lies in
    size: int  # bytes
    offset: int = 0  # in a tar, whose members lie in it as they are
    member: str = ""  # name in a zip, as the zip spells it

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def stem(self) -> str:
        return self.name.rpartition(".")[0] or self.name

    @property
    def suffix(self) -> str:
        """Lower-case, with its dot; empty where there is none."""
        head, dot, tail = self.name.rpartition(".")
        return f".{tail.lower()}" if dot and head else ""

    @property
    def folders(self) -> tuple[str, ...]:
        return tuple(self.path.split("/")[:-1])


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A file that is not used, and why."""

    path: str
    reason: str


@dataclass(frozen=True)
class Tree:
    """All files below a root, sorted by path; a tar's in its own order."""

    entries: tuple[Entry, ...]
    unreadable: tuple[PassedOver, ...] = field(default=())

    def with_suffix(self, suffixes: Iterable[str]) -> Iterator[Entry]:
        wanted = frozenset(suffixes)
        return (entry for entry in self.entries if entry.suffix in wanted)


def open_tree(root: Path) -> Tree:
    """List a folder or an archive; a broken archive in it is noted as unreadable.

    Raises :class:`SourceMissingError` where ``root`` is not there.
    """
    if not root.exists():
        raise SourceMissingError(f"{root} is not there; give the folder or archive of the collection")
    entries: list[Entry] = []
    unreadable: list[PassedOver] = []
    for path in _files(root):
        inside = path.relative_to(root).as_posix() if root.is_dir() else path.name
        shown = unicodedata.normalize("NFC", inside)
        try:
            entries.extend(entry for entry in _listed(path, shown) if not _is_litter(entry.path))
        except (zipfile.BadZipFile, tarfile.TarError, OSError) as error:
            unreadable.append(PassedOver(shown, f"broken archive: {error}"))
    unreadable += [_sealed(entry) for entry in entries if entry.name.lower().endswith(_UNPACKED_ELSEWHERE)]
    unreadable += [
        _sealed(entry)
        for entry in entries
        if (entry.member or entry.offset) and entry.suffix in {".zip", ".tar"}
    ]
    return Tree(tuple(entries), tuple(unreadable))


def read(entry: Entry) -> bytes:
    """The bytes of a file; raises :class:`MediaUnreadableError`."""
    try:
        if entry.member:
            return _zip(entry.container).read(entry.member)
        with entry.container.open("rb") as file:
            file.seek(entry.offset)
            content = file.read(entry.size)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, NotImplementedError) as error:
        raise MediaUnreadableError(f"{entry.path} cannot be read: {error}") from error
    if len(content) < entry.size:
        raise MediaUnreadableError(f"{entry.path} ends after {len(content)} of {entry.size} bytes")
    return content


def _files(root: Path) -> Iterator[Path]:
    if root.is_file():
        yield root
        return
    for folder, folders, names in os.walk(root, followlinks=True):
        folders.sort(key=lambda name: unicodedata.normalize("NFC", name))
        yield from (Path(folder) / name for name in sorted(names))


def _listed(path: Path, shown: str) -> Iterator[Entry]:
    if path.suffix.lower() == ".zip":
        members = [member for member in _zip(path).infolist() if not member.is_dir()]
        for member in sorted(members, key=_zip_name):
            yield Entry(f"{shown}/{_zip_name(member)}", path, member.file_size, member=member.filename)
    elif path.suffix.lower() == ".tar":
        with tarfile.open(path, "r:") as archive:
            for content in archive:
                if content.isreg():
                    name = unicodedata.normalize("NFC", posixpath.normpath(content.name))
                    yield Entry(f"{shown}/{name}", path, content.size, content.offset_data)
    else:
        yield Entry(shown, path, path.stat().st_size)


@lru_cache(maxsize=_OPEN_ZIPS)
def _zip(path: Path) -> zipfile.ZipFile:
    return zipfile.ZipFile(path)


def _zip_name(member: zipfile.ZipInfo) -> str:
    """Name in NFC; zips made on Korean Windows hold CP949, which Python reads as CP437."""
    name = member.filename
    if not member.flag_bits & _UTF8_NAMES:
        raw = name.encode("cp437", errors="replace")
        for encoding in ("utf-8", "cp949"):
            try:
                name = raw.decode(encoding)
                break
            except UnicodeDecodeError:
                continue
    return unicodedata.normalize("NFC", name)


def _sealed(entry: Entry) -> PassedOver:
    return PassedOver(entry.path, "an archive that cannot be read in place: unpack it beside")


def _is_litter(path: str) -> bool:
    """What operating systems leave behind: ``.DS_Store``, ``__MACOSX/``, ``._name``."""
    return any(part.startswith(".") or part == "__MACOSX" for part in path.split("/"))
