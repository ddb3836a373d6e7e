"""Keep freed memory for the next batch instead of returning it to the kernel.

A network's activations are arrays of tens of megabytes. By default the C library requests each from the
kernel and returns it at once, and the kernel clears every page: on a CPU this took as long as the arithmetic.
"""

import ctypes
import platform

# Parameters of glibc's mallopt(3), from malloc.h
M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_MAX = -1, -2, -4
KEPT = 1 << 30  # bytes free at the end of the heap above which memory is returned
STEP = 64 << 20  # bytes by which the heap grows


def keep_freed_memory() -> bool:
    """Let this process keep freed memory, up to 1 GB; call it before the first large array.

    Return False, and change nothing, if the C library is not glibc. GPU memory is not affected; torch caches
    it.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    mallopt = ctypes.CDLL(None).mallopt
    wanted = {M_MMAP_MAX: 0, M_TRIM_THRESHOLD: KEPT, M_TOP_PAD: STEP}
    return all(mallopt(name, value) for name, value in wanted.items())
