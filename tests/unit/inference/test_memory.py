"""Freed memory is kept: the kernel is not asked for the same pages again and again."""

import platform
import subprocess
import sys

import pytest

# Takes and frees 64 MB ten times, and prints how many pages the kernel had to give.
TAKE_AND_FREE = """
import resource, sys
import numpy as np
from inference.memory import keep_freed_memory
if "keep" in sys.argv:
    assert keep_freed_memory()
def take():
    np.ones(8 << 20)
take()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    take()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc's memory can be told to stay")
def test_pages_are_given_once():
    given = {
        mode: int(subprocess.check_output([sys.executable, "-c", TAKE_AND_FREE, mode]))
        for mode in ("keep", "plain")
    }
    assert given["plain"] > 1000
    assert given["keep"] < given["plain"] / 50
