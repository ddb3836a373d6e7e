"""What a worker may do in PostgreSQL and S3: declared by each worker, granted by whoever sets services up."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

SELECT, INSERT, UPDATE, DELETE = "SELECT", "INSERT", "UPDATE", "DELETE"


class Bucket(StrEnum):
    """The buckets, by what they hold; settings give their names."""

    MEDIA = "media"
    EVIDENCE = "evidence"


@dataclass(frozen=True)
class Access:
    """The privileges of one worker; it has no others.

    ``tables`` maps a table to its privileges, ``UPDATE (column)`` among them. Row locks need ``UPDATE``,
    and a statement that returns or compares what is there needs ``SELECT``.
    """

    tables: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    reads: tuple[Bucket, ...] = ()
    writes: tuple[Bucket, ...] = ()
