"""Freed memory is kept instead of being requested from the kernel again."""

import platform
import subprocess
import sys

import pytest

# Allocates and frees 64 MB ten times, and prints the number of page faults.
ALLOCATE_AND_FREE = """
import resource, sys
import numpy as np
from inference.memory import keep_freed_memory
if "keep" in sys.argv:
    assert keep_freed_memory()
def allocate():
    np.ones(8 << 20)
allocate()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    allocate()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can keep freed memory")
def test_pages_are_requested_once():
    faults = {
        mode: int(subprocess.check_output([sys.executable, "-c", ALLOCATE_AND_FREE, mode]))
        for mode in ("keep", "plain")
    }
    assert faults["plain"] > 1000
    assert faults["keep"] < faults["plain"] / 50
