"""Takes from the current process everything that decoding does not need. There is no way back.

System calls are filtered by seccomp (Linux, through libseccomp): a call that is not in the list fails with
EPERM, so no file or socket can be opened, no process started, and no other process read. The filter is an
allow list, so that system calls which future kernels add are refused too. Other systems have no such filter;
there only the resource limits apply.
"""

import ctypes
import errno
import math
import os
import resource
import signal
import sys
import tempfile

from inference.errors import SandboxUnavailableError

_ALLOWED = (
    # memory
    "brk", "mmap", "munmap", "mremap", "mprotect", "madvise", "memfd_create", "ftruncate", "fallocate",
    # descriptors that are open already
    "read", "readv", "pread64", "write", "writev", "pwrite64", "lseek", "close", "fstat", "dup", "fcntl",
    "poll", "ppoll", "recvmsg", "sendmsg", "sendto",
    # threads of this process
    "futex", "set_robust_list", "rseq", "exit", "exit_group", "gettid", "getpid", "sched_yield",
    "sched_getaffinity", "sched_getparam", "sched_getscheduler", "set_tid_address", "membarrier",
    # signals to itself
    "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack", "tgkill",
    # time and randomness
    "clock_gettime", "clock_getres", "clock_nanosleep", "nanosleep", "gettimeofday", "getrandom",
    "getrusage", "times",
    # its own limits, which it cannot raise above those that were set before
    "prlimit64", "getrlimit", "setrlimit",
    # harmless questions
    "uname", "sysinfo", "getuid", "geteuid", "getgid", "getegid",
)  # fmt: skip
_CLONE_THREAD = 0x0001_0000
_AT_EMPTY_PATH = 0x1000  # newfstatat of a descriptor, as the C library implements fstat
_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 1, 38, 22, 2
_BPF_INSTRUCTION_BYTES = 8


class _FilterProgram(ctypes.Structure):
    """``struct sock_fprog`` of linux/filter.h."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def compile_filter() -> bytes | None:
    """Return the seccomp filter as a BPF program; None on systems without seccomp.

    Raise :class:`~inference.errors.SandboxUnavailableError` on Linux if libseccomp is missing.
    """
    if sys.platform != "linux":
        return None
    try:
        import pyseccomp  # noqa: PLC0415 - raises an error of its own kind without the library
    except (ImportError, RuntimeError, OSError) as error:
        raise SandboxUnavailableError(
            f"media cannot be decoded safely: libseccomp is missing ({error}); install it, for example with "
            "`apt-get install libseccomp2`"
        ) from error
    rules = pyseccomp.SyscallFilter(pyseccomp.ERRNO(errno.EPERM))
    for name in _ALLOWED:
        rules.add_rule(pyseccomp.ALLOW, name)
    # A thread may be started, a process may not. The arguments of clone3 cannot be checked; the C library
    # falls back to clone.
    is_thread = pyseccomp.Arg(0, pyseccomp.MASKED_EQ, _CLONE_THREAD, _CLONE_THREAD)
    rules.add_rule(pyseccomp.ALLOW, "clone", is_thread)
    rules.add_rule(pyseccomp.ERRNO(errno.ENOSYS), "clone3")
    rules.add_rule(pyseccomp.ALLOW, "newfstatat", pyseccomp.Arg(3, pyseccomp.EQ, _AT_EMPTY_PATH))
    with tempfile.TemporaryFile() as file:
        rules.export_bpf(file)
        file.seek(0)
        return file.read()


def die_with_parent(parent: int) -> None:
    """End this process when its parent, process ``parent``, ends (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # it ended before the call
            os._exit(1)


def limit_resources(*, memory_bytes: int, output_bytes: int) -> None:
    """Limit what the process may use: ``memory_bytes`` of private memory beyond what it has now, and files of
    ``output_bytes`` (shared memory is a file).
    """
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, output_bytes)
    if sys.platform == "linux":
        _limit(resource.RLIMIT_DATA, _private_bytes() + memory_bytes)


def install_filter(program: bytes | None) -> None:
    """Apply the filter of :func:`compile_filter` to this process and the threads that it will start."""
    if program is None:
        return
    libc = ctypes.CDLL(None, use_errno=True)
    filter_program = _FilterProgram(len(program) // _BPF_INSTRUCTION_BYTES, program)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(
        _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(filter_program), 0, 0
    ):
        number = ctypes.get_errno()
        raise OSError(number, f"the seccomp filter was not accepted: {os.strerror(number)}")


def limit_cpu_time(seconds: float) -> None:
    """End the process with SIGXCPU once it has used ``seconds`` of CPU time in its life, in all threads.

    The soft limit may be moved for the next file. What this limit misses, the pool's wall time catches.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (math.floor(seconds), hard))  # whole seconds; never more


def _limit(kind: int, value: int) -> None:
    _, hard = resource.getrlimit(kind)
    allowed = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (allowed, allowed))


def _private_bytes() -> int:
    """Return the private writable memory of the process (``VmData`` of proc(5)), which RLIMIT_DATA counts."""
    with open("/proc/self/status", encoding="ascii") as status:  # noqa: PTH123 - no path object is needed
        line = next(line for line in status if line.startswith("VmData:"))
    return int(line.split()[1]) * 1024
