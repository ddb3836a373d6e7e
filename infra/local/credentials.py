"""The local stack's passwords and keys: random, made once, readable by the owner of the data folder alone."""

import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from infra.errors import StateFileError


@dataclass(frozen=True)
class S3Key:
    """One identity's key pair."""

    access: str
    secret: str


@dataclass(frozen=True)
class Credentials:
    """Everything secret of one data folder."""

    s3_admin: S3Key
    s3_platform: S3Key
    s3_fakeme: S3Key
    database_admin: str
    database_fakeme: str


def load_or_create_credentials(file: Path) -> Credentials:
    """Read the credentials of ``file``, or make them and write it with mode 0600."""
    try:
        return _parse(json.loads(file.read_text()))
    except FileNotFoundError:
        made = _make()
    except (ValueError, KeyError, TypeError) as error:
        raise StateFileError(
            f"{file} cannot be read as credentials ({error}): restore it, or use another data folder"
        ) from error
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        json.dump(asdict(made), out, indent=2)
    return made


def _make() -> Credentials:
    return Credentials(_key(), _key(), _key(), secrets.token_hex(20), secrets.token_hex(20))


def _key() -> S3Key:
    return S3Key(access=secrets.token_hex(10).upper(), secret=secrets.token_hex(20))


def _parse(kept: dict[str, dict[str, str]]) -> Credentials:
    return Credentials(
        s3_admin=S3Key(**kept["s3_admin"]),
        s3_platform=S3Key(**kept["s3_platform"]),
        s3_fakeme=S3Key(**kept["s3_fakeme"]),
        database_admin=str(kept["database_admin"]),
        database_fakeme=str(kept["database_fakeme"]),
    )
