"""Hands files and frames from one process to another in anonymous files, which are memory on Linux.

The pixels of all frames follow one another, as 8-bit RGB.
"""

import fcntl
import mmap
import os
import sys
import tempfile
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from inference.media.decoded import Frame
from inference.sandbox.messages import FrameShape

if sys.platform == "linux":
    # Without this seal, the other process could shrink the file, and reading it would end ours with SIGBUS.
    _SEALS = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SEAL


def anonymous_file(data: bytes = b"") -> int:
    """Return the descriptor of a new file without a name that holds ``data``."""
    if sys.platform == "linux":
        descriptor = os.memfd_create("fakeme-media", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    else:
        with tempfile.TemporaryFile() as file:
            descriptor = os.dup(file.fileno())
    _write(descriptor, memoryview(data))
    return descriptor


def read_all(descriptor: int) -> bytes:
    """Return the content of a file, and close it."""
    with open(descriptor, "rb", buffering=0) as file:
        file.seek(0)  # both processes share the position
        return file.read()


def write_frames(frames: Iterable[Frame]) -> int:
    """Write the pixels of ``frames`` to a new anonymous file that is sealed; return its descriptor."""
    descriptor = anonymous_file()
    for frame in frames:
        _write(descriptor, np.ascontiguousarray(frame.image).data.cast("B"))
    if sys.platform == "linux":
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, _SEALS)
    return descriptor


def read_frames(descriptor: int, shapes: Sequence[FrameShape]) -> tuple[Frame, ...]:
    """Return the frames in the file, without copying them on Linux; the arrays are read-only.

    Raise ``ValueError`` if the file is not sealed or has another size than its frames.
    """
    pixels = _pixels(descriptor, sum(shape.nbytes for shape in shapes))
    frames, start = [], 0
    for shape in shapes:
        image = pixels[start : start + shape.nbytes].reshape(shape.height, shape.width, 3)
        frames.append(Frame(image, shape.seconds, shape.keyframe))
        start += shape.nbytes
    return tuple(frames)


def _pixels(descriptor: int, size: int) -> NDArray[np.uint8]:
    held = os.fstat(descriptor).st_size
    if held != size:
        raise ValueError(f"the frames take {size} bytes, but their file has {held}")
    if sys.platform != "linux":
        return np.frombuffer(read_all(os.dup(descriptor)), dtype=np.uint8)
    if fcntl.fcntl(descriptor, fcntl.F_GET_SEALS) & _SEALS != _SEALS:
        raise ValueError("the file of the frames can still be changed")
    # Populating maps all pages in one call instead of a fault for each.
    mapped = mmap.mmap(descriptor, size, flags=mmap.MAP_SHARED | mmap.MAP_POPULATE, prot=mmap.PROT_READ)
    return np.frombuffer(mapped, dtype=np.uint8)


def _write(descriptor: int, data: memoryview) -> None:
    while data:  # one call writes 2 GB at most, and may write less
        data = data[os.write(descriptor, data) :]
