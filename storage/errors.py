"""What can go wrong with what is kept: a service is away, an object is not there, a case is not yours."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

# SQLSTATE classes and codes after which the same statement may succeed (PostgreSQL manual, appendix A).
_TRANSIENT_CLASSES = ("08", "53", "57")  # connection, resources, operator intervention (shutdown, cancel)
_TRANSIENT_CODES = (
    "40001",  # serialization failure
    "40P01",  # deadlock
    "55P03",  # lock not available
    "42P01",  # no such table: the database is not migrated yet, so what needs it waits
)


class StorageError(Exception):
    """Base of what this package raises."""


class UnavailableError(StorageError):
    """A service is away for now; the same call may succeed later."""


class DatabaseUnavailableError(UnavailableError):
    """PostgreSQL does not answer, or gave up a transaction that may be tried again."""


class ObjectStoreUnavailableError(UnavailableError):
    """The object store does not answer, or asks to slow down."""


class AccessDeniedError(ObjectStoreUnavailableError):
    """The object store refuses our key: nothing is wrong with the object, so work waits for an operator."""


class ObjectMissingError(StorageError):
    """No object has that key, or no bucket that name."""


class ObjectTooLargeError(StorageError):
    """The object has more bytes than the caller accepts."""


class MigrationError(StorageError):
    """The database's schema is not one that this version knows."""


class CaseError(StorageError):
    """A moderator asked for something that the state of the case does not allow."""


class CaseNotFoundError(CaseError):
    """There is no such case."""

    def __init__(self, case_id: UUID) -> None:
        super().__init__(f"there is no case {case_id}: `fakeme cases list` shows the open ones")


class CaseDecidedError(CaseError):
    """The case was decided already."""

    def __init__(self, case_id: UUID) -> None:
        super().__init__(f"case {case_id} is decided already: a new report or appeal opens a new one")


class CaseNotClaimedError(CaseError):
    """The case is not in the hands of this moderator."""

    def __init__(self, case_id: UUID, moderator: str, holder: str | None) -> None:
        held = f"{holder} holds it" if holder else "nobody holds it"
        super().__init__(f"case {case_id} is not claimed by {moderator} ({held}): claim it first")


class LeaseExpiredError(CaseError):
    """The moderator held the case for longer than a lease lasts."""

    def __init__(self, case_id: UUID, moderator: str, expired: datetime | None) -> None:
        super().__init__(f"the claim of {moderator} on case {case_id} ended at {expired}: claim it again")


class DecisionInvalidError(CaseError):
    """A decision or claim has a part that cannot be kept; the message names it."""


class CaseClaimedError(CaseError):
    """Another moderator works on the case."""

    def __init__(self, case_id: UUID, holder: str, until: datetime) -> None:
        super().__init__(f"case {case_id} is with {holder} until {until}: claim another, or wait")


def is_transient(error: BaseException) -> bool:
    """Whether the same work may succeed later, because a service was away or a transaction gave way."""
    if isinstance(error, UnavailableError | PoolTimeoutError):
        return True
    if not isinstance(error, DBAPIError):
        return False
    code = getattr(error.orig, "pgcode", None)
    if code is None:  # no answer from the server: the connection was refused, lost or timed out
        return error.connection_invalidated or isinstance(error, OperationalError | InterfaceError)
    return code in _TRANSIENT_CODES or code[:2] in _TRANSIENT_CLASSES
