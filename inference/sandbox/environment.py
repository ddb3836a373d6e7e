"""The environment of a process that reads the bytes of strangers."""

import os
import sys

_VARIABLES = {
    "LC_ALL": "C.UTF-8",
    "OPENBLAS_NUM_THREADS": "1",  # decoding uses no linear algebra
    "OMP_NUM_THREADS": "1",
    # Keep freed memory for the next file: new pages cost half as much time as decoding a small JPEG.
    "MALLOC_MMAP_THRESHOLD_": "33554432",
    "MALLOC_TRIM_THRESHOLD_": "100000000",
}


def interpreter_environment() -> dict[str, str]:
    """Return what an interpreter needs to find our packages, and nothing else: no address, no secret."""
    return {**_VARIABLES, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
