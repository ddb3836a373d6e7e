"""API keys of the HTTP gateway: shown once when they are issued, stored only as a hash.

A key has the form ``fk_<id>_<secret>``. The id finds the row; the hash of the secret is compared in constant
time. The secret is 256 random bits, so one round of SHA-256 is as safe as a slow password hash: no dictionary
attack is possible. NIST SP 800-63B, 5.1.1.2 requires salt and stretching for secrets that people choose.
"""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from storage.tables import ApiKey

_ID_BYTES = 8
_SECRET_BYTES = 32
_TOKEN = re.compile(rf"fk_([0-9a-f]{{{2 * _ID_BYTES}}})_([0-9a-f]{{{2 * _SECRET_BYTES}}})")


@dataclass(frozen=True)
class IssuedKey:
    """A new key. The owner sends ``token`` with each request; it cannot be retrieved later."""

    key_id: str
    token: str


def issue(session: Session, owner: str) -> IssuedKey:
    """Create a key for ``owner``, the name that identifies requests with this key."""
    key_id, secret = secrets.token_hex(_ID_BYTES), secrets.token_hex(_SECRET_BYTES)
    session.add(ApiKey(key_id=key_id, secret_sha256=_hashed(secret), owner=owner))
    session.flush()
    return IssuedKey(key_id, f"fk_{key_id}_{secret}")


def owner_of(session: Session, token: str) -> str | None:
    """Return the owner of the key; None if ``token`` is malformed, unknown or revoked."""
    parts = _TOKEN.fullmatch(token)
    if parts is None:
        return None
    key_id, secret = parts.groups()
    row = session.get(ApiKey, key_id)
    if row is None or row.revoked_at is not None:
        return None
    return row.owner if compare_digest(row.secret_sha256, _hashed(secret)) else None


def revoke(session: Session, key_id: str) -> bool:
    """Revoke a key; return false if the id is unknown. A second call keeps the time of the first."""
    change = (
        update(ApiKey)
        .where(ApiKey.key_id == key_id)
        .values(revoked_at=func.coalesce(ApiKey.revoked_at, func.now()))
        .returning(ApiKey.key_id)
    )
    return session.execute(change).first() is not None


def list_keys(session: Session) -> Sequence[ApiKey]:
    """Return all keys, including revoked ones, oldest first."""
    return session.execute(select(ApiKey).order_by(ApiKey.created_at, ApiKey.key_id)).scalars().all()


def _hashed(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()
