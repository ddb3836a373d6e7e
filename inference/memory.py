"""Keeps memory that was freed for the next batch, instead of asking the kernel for it page by page each time.

A network's activations are arrays of tens of megabytes. The C library gets each from the kernel and gives it
back at once, and the kernel clears every page: on a CPU that took as long as the arithmetic itself.
"""

import ctypes
import platform

# Parameters of glibc's mallopt(3), from malloc.h
M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_MAX = -1, -2, -4
KEPT = 1 << 30  # bytes free at the heap's end beyond which they are given back
STEP = 64 << 20  # bytes that the heap grows by


def keep_freed_memory() -> bool:
    """Let this process keep freed memory, up to 1 GB; call it before the first large array.

    Returns False, and changes nothing, where the C library is not glibc. An accelerator's memory has a cache
    of its own and is not concerned.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    mallopt = ctypes.CDLL(None).mallopt
    wanted = {M_MMAP_MAX: 0, M_TRIM_THRESHOLD: KEPT, M_TOP_PAD: STEP}
    return all(mallopt(name, value) for name, value in wanted.items())
