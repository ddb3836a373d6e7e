"""The page's style sheet, script and icon, under addresses that change with their content."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType

_FOLDER = Path(__file__).parent / "static"
_MEDIA_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_DIGITS = 12  # of the hash; enough that two versions differ


@dataclass(frozen=True)
class Asset:
    """A file that may be cached for ever under its ``name``."""

    name: str
    media_type: str
    content: bytes


def load_assets() -> Mapping[str, Asset]:
    """Return the assets by the names of their files, such as ``verify.css``."""
    return MappingProxyType({file.name: _asset(file) for file in sorted(_FOLDER.iterdir())})


def _asset(file: Path) -> Asset:
    content = file.read_bytes()
    name = f"{file.stem}.{sha256(content).hexdigest()[:_DIGITS]}{file.suffix}"
    return Asset(name, f"{_MEDIA_TYPES[file.suffix]}; charset=utf-8", content)
