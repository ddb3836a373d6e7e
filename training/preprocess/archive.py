"""Read files from folders, zips and tars through one interface; an archive appears as a folder."""

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
_OPEN_ZIPS = 8  # cached so that each zip's directory is read once; KoDF consists of dozens of zips
_UNSUPPORTED_ARCHIVES = (".tar.gz", ".tgz", ".7z", ".rar", ".part0")  # no random access to single files


@dataclass(frozen=True, slots=True)
class Entry:
    """One file; ``path`` is relative to the root, in NFC, with archives as folders."""

    path: str
    container: Path  # the file itself, or the archive that contains it
    size: int  # bytes
    offset: int = 0  # of the content in a tar
    member: str = ""  # name in a zip, not normalised

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def stem(self) -> str:
        return self.name.rpartition(".")[0] or self.name

    @property
    def suffix(self) -> str:
        """The lower-case extension with its dot; empty if there is none."""
        head, dot, tail = self.name.rpartition(".")
        return f".{tail.lower()}" if dot and head else ""

    @property
    def folders(self) -> tuple[str, ...]:
        return tuple(self.path.split("/")[:-1])


@dataclass(frozen=True, slots=True)
class SkippedFile:
    """A file that is not used, and the reason."""

    path: str
    reason: str


@dataclass(frozen=True)
class Tree:
    """All files below a root, sorted by path; members of a tar keep their order."""

    entries: tuple[Entry, ...]
    unreadable: tuple[SkippedFile, ...] = field(default=())

    def with_suffix(self, suffixes: Iterable[str]) -> Iterator[Entry]:
        accepted = frozenset(suffixes)
        return (entry for entry in self.entries if entry.suffix in accepted)


def open_tree(root: Path) -> Tree:
    """List a folder or an archive; broken archives in it are recorded as unreadable.

    Raises :class:`SourceMissingError` if ``root`` does not exist.
    """
    if not root.exists():
        raise SourceMissingError(f"{root} does not exist; give the folder or archive of the collection")
    entries: list[Entry] = []
    unreadable: list[SkippedFile] = []
    for path in _files(root):
        relative = path.relative_to(root).as_posix() if root.is_dir() else path.name
        name = unicodedata.normalize("NFC", relative)
        try:
            entries.extend(entry for entry in _entries(path, name) if not _is_os_metadata(entry.path))
        except (zipfile.BadZipFile, tarfile.TarError, OSError) as error:
            unreadable.append(SkippedFile(name, f"broken archive: {error}"))
    unreadable += [
        _nested_archive(entry) for entry in entries if entry.name.lower().endswith(_UNSUPPORTED_ARCHIVES)
    ]
    unreadable += [
        _nested_archive(entry)
        for entry in entries
        if (entry.member or entry.offset) and entry.suffix in {".zip", ".tar"}
    ]
    return Tree(tuple(entries), tuple(unreadable))


def read(entry: Entry) -> bytes:
    """Return the bytes of a file; raises :class:`MediaUnreadableError`."""
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


def _entries(path: Path, name: str) -> Iterator[Entry]:
    if path.suffix.lower() == ".zip":
        infos = [info for info in _zip(path).infolist() if not info.is_dir()]
        for info in sorted(infos, key=_zip_name):
            yield Entry(f"{name}/{_zip_name(info)}", path, info.file_size, member=info.filename)
    elif path.suffix.lower() == ".tar":
        with tarfile.open(path, "r:") as archive:
            for member in archive:
                if member.isreg():
                    inner = unicodedata.normalize("NFC", posixpath.normpath(member.name))
                    yield Entry(f"{name}/{inner}", path, member.size, member.offset_data)
    else:
        yield Entry(name, path, path.stat().st_size)


@lru_cache(maxsize=_OPEN_ZIPS)
def _zip(path: Path) -> zipfile.ZipFile:
    return zipfile.ZipFile(path)


def _zip_name(member: zipfile.ZipInfo) -> str:
    """Return the name in NFC; zips made on Korean Windows use CP949, which Python decodes as CP437."""
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


def _nested_archive(entry: Entry) -> SkippedFile:
    return SkippedFile(entry.path, "this archive cannot be read in place; unpack it into its folder")


def _is_os_metadata(path: str) -> bool:
    """Return whether the file is operating system metadata: ``.DS_Store``, ``__MACOSX/``, ``._name``."""
    return any(part.startswith(".") or part == "__MACOSX" for part in path.split("/"))
