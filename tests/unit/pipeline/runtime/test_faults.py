"""Whose fault a failure is: the event's, the surroundings', or the process's own."""

import errno

import pytest
from sqlalchemy.exc import OperationalError, ProgrammingError

from pipeline.errors import EarlyEventError, TransientError
from pipeline.runtime.faults import Fault, fault_of
from schemas.errors import DeadLetterReason, UnreadableEventError
from storage.errors import DatabaseUnavailableError, ObjectStoreUnavailableError


class RefusalError(Exception):
    """A driver's exception with an SQLSTATE code."""

    def __init__(self, pgcode: str) -> None:
        super().__init__(pgcode)
        self.pgcode = pgcode


def raised_from(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (UnreadableEventError(DeadLetterReason.NOT_JSON, "line 1"), Fault.UNREADABLE),
        (EarlyEventError("post 'p' was not published to us"), Fault.EARLY),
        (TransientError("no answer"), Fault.OUTAGE),
        (ObjectStoreUnavailableError("no answer"), Fault.OUTAGE),
        (DatabaseUnavailableError("shutting down"), Fault.OUTAGE),
        (OperationalError("select 1", None, Exception("connection refused")), Fault.OUTAGE),
        (ProgrammingError("insert", None, RefusalError("25006")), Fault.OUTAGE),
        (ProgrammingError("insert", None, RefusalError("22003")), Fault.UNKNOWN),
        (OSError(errno.ENOSPC, "No space left on device"), Fault.OUTAGE),
        (raised_from(ValueError("no picture"), OSError(errno.EMFILE, "Too many open files")), Fault.OUTAGE),
        (OSError(errno.EIO, "Input/output error"), Fault.UNKNOWN),
        (FileNotFoundError(errno.ENOENT, "No such file"), Fault.UNKNOWN),
        (RuntimeError("CUDA error: an illegal memory access was encountered"), Fault.PROCESS),
        (raised_from(ValueError("batch"), RuntimeError("CUDA error: launch failure")), Fault.PROCESS),
        (RuntimeError("CUDA driver error: device not ready"), Fault.PROCESS),
        (RuntimeError("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED"), Fault.PROCESS),
        (RuntimeError("cuDNN error: CUDNN_STATUS_BAD_PARAM"), Fault.UNKNOWN),
        (RuntimeError("can't start new thread"), Fault.OUTAGE),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), Fault.OUTAGE),
        (RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB"), Fault.UNKNOWN),
        (RuntimeError("CUDA error: out of memory"), Fault.UNKNOWN),
        (ValueError("CUDA error: in a post's text"), Fault.UNKNOWN),
        (ZeroDivisionError("a bug"), Fault.UNKNOWN),
    ],
)
def test_fault_of_an_error(error: Exception, fault: Fault) -> None:
    assert fault_of(error) is fault
