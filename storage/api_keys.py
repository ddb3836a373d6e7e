"""API keys of the HTTP gateway: shown once when they are issued, stored only as a hash.

A key has the form ``fk_<id>_<secret>``. The id finds the row; the hash of the secret is compared in constant
time. The secret is 256 random bits, so one round of SHA-256 is as safe as a slow password hash: no dictionary
attack is possible. NIST SP 800-63B, 5.1.1.2 requires salt and stretching for secrets that people choose.
"""

import re
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from hmac import compare_digest

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from storage.database import transaction_time
from storage.errors import ApiKeyInvalidError
from storage.tables import ApiKey

MAX_OWNER_LENGTH = 128  # characters; room for a domain name or a UUID
LAST_USE_ACCURACY = timedelta(minutes=1)  # a write for each request would cost more than it tells
_ID_BYTES = 8
_SECRET_BYTES = 32
_TOKEN = re.compile(rf"fk_([0-9a-f]{{{2 * _ID_BYTES}}})_([0-9a-f]{{{2 * _SECRET_BYTES}}})")


class Scope(StrEnum):
    """What a key allows. Except with ``all-posts``, only posts of the key's own tenant are concerned."""

    PUBLISH = "publish"
    REPORT = "report"  # reports and appeals
    READ = "read"  # verdicts and tags
    ALL_POSTS = "all-posts"  # posts of every tenant, and those that came by Kafka


TENANT_SCOPES = (Scope.PUBLISH, Scope.REPORT, Scope.READ)


@dataclass(frozen=True)
class IssuedKey:
    """A new key. The owner sends ``token`` with each request; it cannot be retrieved later."""

    key_id: str
    token: str


@dataclass(frozen=True)
class VerifiedKey:
    """A valid key: its public id, the tenant that owns it, and what it allows."""

    key_id: str
    owner: str
    scopes: frozenset[Scope]


def issue(
    session: Session,
    owner: str,
    *,
    scopes: Collection[Scope] = TENANT_SCOPES,
    expires_at: datetime | None = None,
) -> IssuedKey:
    """Create a key for ``owner``, the tenant that requests with this key act for.

    Raise :class:`ApiKeyInvalidError` if the owner is blank, has control characters, spaces around it or more
    than :data:`MAX_OWNER_LENGTH` characters, if there is no scope, or if ``expires_at`` is past.
    """
    _check(session, owner, scopes, expires_at)
    key_id, secret = secrets.token_hex(_ID_BYTES), secrets.token_hex(_SECRET_BYTES)
    session.add(
        ApiKey(
            key_id=key_id,
            secret_sha256=_hashed(secret),
            owner=owner,
            scopes=sorted(scopes),
            expires_at=expires_at,
        )
    )
    session.flush()
    return IssuedKey(key_id, f"fk_{key_id}_{secret}")


def key_id_of(token: str) -> str | None:
    """Return the public id in ``token``, which may be forged; None if the token is malformed."""
    parts = _TOKEN.fullmatch(token)
    return None if parts is None else parts[1]


def verify(session: Session, token: str) -> VerifiedKey | None:
    """Return the key and record its use; None if ``token`` is malformed, unknown, revoked or expired."""
    parts = _TOKEN.fullmatch(token)
    if parts is None:
        return None
    key_id, secret = parts.groups()
    found = session.execute(select(ApiKey, func.now()).where(ApiKey.key_id == key_id)).first()
    if found is None:
        return None
    row, now = found
    if not compare_digest(row.secret_sha256, _hashed(secret)):
        return None
    if row.revoked_at is not None or (row.expires_at is not None and row.expires_at <= now):
        return None
    if row.last_used_at is None or row.last_used_at <= now - LAST_USE_ACCURACY:
        _record_use(session, key_id)
    return VerifiedKey(key_id, row.owner, frozenset(scope for scope in Scope if scope in row.scopes))


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


def _check(session: Session, owner: str, scopes: Collection[Scope], expires_at: datetime | None) -> None:
    if not owner or owner != owner.strip() or not owner.isprintable() or len(owner) > MAX_OWNER_LENGTH:
        raise ApiKeyInvalidError(
            f"the owner {owner[:MAX_OWNER_LENGTH]!a} is not a name: give 1 to {MAX_OWNER_LENGTH} printable "
            "characters without spaces around them, such as social.example"
        )
    if not scopes:
        raise ApiKeyInvalidError(f"a key without a scope allows nothing: give one of {', '.join(Scope)}")
    if expires_at is not None and expires_at <= transaction_time(session):
        raise ApiKeyInvalidError(f"the expiry {expires_at.isoformat()} is past: give a later time")


def _record_use(session: Session, key_id: str) -> None:
    """Record the use. Concurrent requests write it once: the others find it recorded after their wait."""
    unrecorded = or_(ApiKey.last_used_at.is_(None), ApiKey.last_used_at <= func.now() - LAST_USE_ACCURACY)
    session.execute(
        update(ApiKey)
        .where(ApiKey.key_id == key_id, unrecorded)
        .values(last_used_at=func.now())
        .execution_options(synchronize_session=False)
    )


def _hashed(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()
