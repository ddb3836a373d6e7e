"""Passwords and keys of the local stack: random, created once, readable by the data folder's owner only."""

import hmac
import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from infra.errors import StateFileError


@dataclass(frozen=True)
class S3Key:
    """The key pair of one S3 identity."""

    access: str
    secret: str


@dataclass(frozen=True)
class Credentials:
    """All secrets of one data folder."""

    s3_admin: S3Key
    s3_platform: S3Key
    s3_fakeme: S3Key
    database_admin: str
    database_fakeme: str

    def worker_password(self, worker: str) -> str:
        """Return the database password of a worker."""
        return self._derive(f"database {worker}")

    def worker_key(self, worker: str) -> S3Key:
        """Return the S3 key of a worker."""
        return S3Key(
            access=self._derive(f"s3 {worker}")[:20].upper(), secret=self._derive(f"s3 secret {worker}")
        )

    def _derive(self, purpose: str) -> str:
        """Return 160 bits that tell nothing about other secrets: a PRF of the administrator's password.

        So a worker that a release adds has its secrets in existing data folders too.
        """
        return hmac.new(self.database_admin.encode(), purpose.encode(), "sha256").hexdigest()[:40]


def load_or_create_credentials(file: Path) -> Credentials:
    """Read the credentials from ``file``; if it does not exist, create them and write it with mode 0600."""
    try:
        return _parse(json.loads(file.read_text()))
    except FileNotFoundError:
        credentials = _create()
    except (ValueError, KeyError, TypeError) as error:
        raise StateFileError(
            f"{file} cannot be read as credentials ({error}): restore it, or use another data folder"
        ) from error
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        json.dump(asdict(credentials), out, indent=2)
    return credentials


def _create() -> Credentials:
    return Credentials(_key(), _key(), _key(), secrets.token_hex(20), secrets.token_hex(20))


def _key() -> S3Key:
    return S3Key(access=secrets.token_hex(10).upper(), secret=secrets.token_hex(20))


def _parse(fields: dict[str, dict[str, str]]) -> Credentials:
    return Credentials(
        s3_admin=S3Key(**fields["s3_admin"]),
        s3_platform=S3Key(**fields["s3_platform"]),
        s3_fakeme=S3Key(**fields["s3_fakeme"]),
        database_admin=str(fields["database_admin"]),
        database_fakeme=str(fields["database_fakeme"]),
    )
