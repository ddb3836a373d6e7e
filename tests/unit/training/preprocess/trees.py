"""Write small collections to disk as folders, zips or tars, from dictionaries of paths to bytes."""

import io
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np

from training.preprocess.archive import open_tree
from training.preprocess.media import RawMedia
from training.preprocess.readers import READERS

VIDEO = b"\x00\x00\x00\x18ftypmp42 not decoded by readers"


def write_files(root: Path, files: Mapping[str, bytes | str]) -> Path:
    """Write files to their paths below ``root``."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return root


def zipped(files: Mapping[str, bytes | str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def tarred(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def media_in(layout: str, root: Path) -> dict[str, RawMedia]:
    """Return the media items that a reader yields, by id."""
    return {item.media: item for item in READERS[layout](open_tree(root)) if isinstance(item, RawMedia)}


def skipped_in(layout: str, root: Path) -> dict[str, str]:
    """Return the reasons of the files that a reader skips, by path."""
    items = READERS[layout](open_tree(root))
    return {item.path: item.reason for item in items if not isinstance(item, RawMedia)}


def jpeg(number: int, edge: int = 96) -> bytes:
    """Return a picture of coarse noise, seeded by the number and sharp enough to be kept."""
    coarse = np.random.default_rng(number).integers(0, 256, (12, 12, 3)).astype(np.uint8)
    picture = cv2.resize(coarse, (edge, edge), interpolation=cv2.INTER_NEAREST)
    return cv2.imencode(".jpg", picture)[1].tobytes()


PEOPLE_HEADER = (
    "name,shard,person,width,height,box_x0,box_y0,box_x1,box_y1,eye1_x,eye1_y,eye2_x,eye2_y,"
    "nose_x,nose_y,mouth1_x,mouth1_y,mouth2_x,mouth2_y,sha256"
)


def people(root: Path, pictures: Mapping[str, tuple[str, bytes]]) -> Path:
    """Write a ``people`` collection from name -> (person, picture of 96x96); its boxes are labelled."""
    lines = [
        f"{name},0,{person},96,96,10,10,86,86,30,35,66,35,48,50,35,70,61,70,-"
        for name, (person, _) in pictures.items()
    ]
    shard = tarred({name: content for name, (_, content) in pictures.items()})
    return write_files(root, {"people.csv": "\n".join([PEOPLE_HEADER, *lines]), "people-0.tar": shard})
