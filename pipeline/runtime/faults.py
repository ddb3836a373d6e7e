"""Whose fault a failure is. :mod:`pipeline.runtime.retries` decides what follows for the event.

Failures of the surroundings (a service, the disk, the accelerator) must not be blamed on the event that
happened to meet them: events are given up only for faults of their own.
"""

import errno
import re
from collections.abc import Iterator
from enum import Enum, auto

from pipeline.errors import EarlyEventError, TransientError
from schemas.errors import UnreadableEventError
from storage.errors import is_transient as is_transient_storage_error

# What a machine lacks for every event alike; an operator or the end of other work gives it back.
# Not EIO: FFmpeg also reports it for a damaged file.
_MACHINE_ERRORS = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
)
_NO_THREAD = "can't start new thread"  # CPython raises a bare RuntimeError
# PyTorch raises bare RuntimeErrors with these texts.
_LOST_DEVICE = re.compile(
    r"CUDA (driver )?error:|cuDNN error: CUDNN_STATUS_(EXECUTION_FAILED|INTERNAL_ERROR)"
)


class Fault(Enum):
    """Whose fault a failure is."""

    UNREADABLE = auto()  # the record is not a valid event: its bytes decide, so no retry can help
    EARLY = auto()  # the event came before what it refers to
    OUTAGE = auto()  # a service or the machine lacks something that other events need too
    PROCESS = auto()  # this process cannot recover; another one can
    UNKNOWN = auto()  # anything else: an unusual event, a bug, or an outage that nobody has named yet


def fault_of(error: BaseException) -> Fault:
    """Return whose fault ``error`` is; the errors that it was raised from count too."""
    if isinstance(error, UnreadableEventError):
        return Fault.UNREADABLE
    if isinstance(error, EarlyEventError):
        return Fault.EARLY
    if any(map(_ends_process, _chain(error))):
        return Fault.PROCESS
    return Fault.OUTAGE if any(map(_is_outage, _chain(error))) else Fault.UNKNOWN


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def _is_outage(error: BaseException) -> bool:
    if isinstance(error, OSError) and error.errno in _MACHINE_ERRORS:
        return True
    if isinstance(error, RuntimeError) and str(error) == _NO_THREAD:
        return True
    return isinstance(error, TransientError) or is_transient_storage_error(error)


def _ends_process(error: BaseException) -> bool:
    """Return whether the CUDA context is lost: every later call in this process fails like this one.

    By its text, because only detection loads torch. Too little memory is no such loss.
    """
    text = str(error)
    return isinstance(error, RuntimeError) and bool(_LOST_DEVICE.search(text)) and "out of memory" not in text
