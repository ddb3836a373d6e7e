"""Errors of the storage package, and which of them are worth a retry."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

# SQLSTATE classes and codes of faults that no event is to blame for (PostgreSQL manual, appendix A): the same
# statement succeeds once they are mended.
_TRANSIENT_CLASSES = (
    "08",  # connection
    "28",  # invalid authorization: a password was changed
    "53",  # resources: disk full, out of memory, too many connections
    "57",  # operator intervention: shutdown, cancelled
    "58",  # system error: I/O
)
_TRANSIENT_CODES = (
    "25006",  # read-only transaction: the server is a standby, as after a failover
    "25P03",  # idle in a transaction for too long: the connection was cut, or the process suspended
    "3D000",  # no such database: it is being restored or renamed
    "3F000",  # no such schema: the database is not migrated yet; likewise the codes 42…
    "40001",  # serialization failure
    "40P01",  # deadlock
    "42501",  # insufficient privilege: an operator must grant it again
    "42703",  # no such column
    "42704",  # no such type or other object
    "42804",  # a column of another type
    "42883",  # no such function
    "42P01",  # no such table
    "42P10",  # no unique index for ON CONFLICT
    "55P03",  # lock not available
)


class StorageError(Exception):
    """Base class of this package's errors."""


class UnavailableError(StorageError):
    """A service is temporarily unavailable; a retry may succeed."""


class DatabaseUnavailableError(UnavailableError):
    """PostgreSQL does not respond, or aborted a transaction that can be retried."""


class ObjectStoreUnavailableError(UnavailableError):
    """The object store does not respond, or throttles requests."""


class AccessDeniedError(ObjectStoreUnavailableError):
    """The object store rejects the access key. Retry until an operator fixes the key."""


class BucketMissingError(ObjectStoreUnavailableError):
    """The bucket does not exist. Retry until an operator creates it, or corrects its name."""


class RolesError(StorageError):
    """The roles of workers cannot be created or changed; the message says what is missing."""


class ObjectMissingError(StorageError):
    """The object does not exist."""


class ObjectRefusedError(StorageError):
    """The store refuses the request for this object, and would refuse it again: its name is not allowed."""


class ObjectTooLargeError(StorageError):
    """The object is larger than the caller's limit."""


class MigrationError(StorageError):
    """The database schema is at a revision that this version does not know."""


class ApiKeyInvalidError(StorageError):
    """An API key cannot be issued with these values; the message names the value and the remedy."""


class ManifestInvalidError(StorageError):
    """A manifest cannot be stored with these values; the message names the value and the remedy."""


class PayloadTakenError(StorageError):
    """The payload of a watermark already names another manifest."""

    def __init__(self, payload: str, request_id: str) -> None:
        super().__init__(
            f"the payload {payload} already names the manifest of request {request_id}: give each signed file"
            " a watermark with a payload of its own"
        )


class CaseError(StorageError):
    """The state of the case does not allow the requested action."""


class CaseNotFoundError(CaseError):
    """The case does not exist."""

    def __init__(self, case_id: UUID) -> None:
        super().__init__(f"there is no case {case_id}: `fakeme cases list` shows the open ones")


class CaseDecidedError(CaseError):
    """The case is already decided."""

    def __init__(self, case_id: UUID) -> None:
        super().__init__(f"case {case_id} is already decided: a new report or appeal opens a new case")


class CaseNotClaimedError(CaseError):
    """The case is not claimed by this moderator."""

    def __init__(self, case_id: UUID, moderator: str, holder: str | None) -> None:
        claim = f"claimed by {holder}" if holder else "unclaimed"
        super().__init__(f"case {case_id} is not claimed by {moderator} ({claim}): claim it first")


class LeaseExpiredError(CaseError):
    """The moderator's claim on the case has expired."""

    def __init__(self, case_id: UUID, moderator: str, expired: datetime | None) -> None:
        super().__init__(f"the claim of {moderator} on case {case_id} expired at {expired}: claim it again")


class DecisionInvalidError(CaseError):
    """A decision or claim has an invalid field; the message names it."""


class CaseClaimedError(CaseError):
    """Another moderator has claimed the case."""

    def __init__(self, case_id: UUID, holder: str, until: datetime) -> None:
        super().__init__(f"case {case_id} is claimed by {holder} until {until}: claim another case, or wait")


def is_transient(error: BaseException) -> bool:
    """Return true if a retry may succeed: a service was unavailable, or a transaction was aborted."""
    if isinstance(error, UnavailableError | PoolTimeoutError):
        return True
    if not isinstance(error, DBAPIError):
        return False
    code = getattr(error.orig, "pgcode", None)
    if code is None:  # no response from the server: the connection was refused, lost or timed out
        return error.connection_invalidated or isinstance(error, OperationalError | InterfaceError)
    return code in _TRANSIENT_CODES or code[:2] in _TRANSIENT_CLASSES
