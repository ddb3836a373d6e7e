"""Deterministic event ids (UUIDv5, RFC 9562, section 5.5), so that repeated events can be recognised.

The same cause always gives the same id, independent of the worker and the time.
"""

import json
from collections.abc import Iterable
from uuid import UUID, uuid5

# FakeME's namespace. Changing it would change the id of every event.
_NAMESPACE = UUID("6f1c8c52-9c1e-5a0b-8d0e-fa8e3e5f0a11")
_SEPARATOR = "\x1f"  # ASCII unit separator; cannot occur in identifiers, so the parts stay distinct


def _identify(kind: str, *parts: str) -> UUID:
    return uuid5(_NAMESPACE, _SEPARATOR.join((kind, *parts)))


def post_event_id(kind: str, about: str) -> UUID:
    """Return the id of a platform event: its topic, and the id of its post, report, appeal or replay."""
    return _identify("post-event", kind, about)


def cause_id(kind: str, source: str, event_id: str) -> str:
    """Return one id for an event that causes another: its kind, CloudEvents source and CloudEvents id.

    Source and id identify an event; senders choose both, in any characters, so they are encoded as JSON,
    which keeps them distinct. The kind protects senders that number reports and appeals separately.
    """
    return str(_identify("cause", json.dumps([kind, source, event_id])))


def verdict_id(post_id: str, media_hashes: Iterable[str], analysis_identity: str, cause: str) -> UUID:
    """Return the id of a verdict; ``cause`` is the :func:`cause_id` of its trigger.

    ``media_hashes`` has the refusal reason where media have no hash.
    """
    return _identify("verdict", post_id, *media_hashes, analysis_identity, cause)


def shadow_id(post_id: str, media_hashes: Iterable[str], analysis_identity: str, cause: str) -> UUID:
    """Return the id of a shadow verdict; the analysis identity is that of the shadow model."""
    return _identify("shadow", post_id, *media_hashes, analysis_identity, cause)


def tag_event_id(post_id: str, action: str, cause_id: UUID) -> UUID:
    """Return the id of a tag change; ``cause_id`` is the verdict or decision that caused it."""
    return _identify("tag", post_id, action, str(cause_id))


def case_event_id(case_id: UUID, change: str, cause: str) -> UUID:
    """Return the id of a case change; ``cause`` is the id of the event, lease or decision that caused it."""
    return _identify("case-event", str(case_id), change, cause)


def case_id(post_id: str, cause: str) -> UUID:
    """Return the id of a case; ``cause`` is the :func:`cause_id` of the event that opened it."""
    return _identify("case", post_id, cause)


def decision_id(case: UUID, moderator: str, lease_token: str) -> UUID:
    """Return the id of a decision: one claim of a case by one moderator gives one decision."""
    return _identify("decision", str(case), moderator, lease_token)


def surge_id(post_id: str, window_start: str) -> UUID:
    """Return the id of a surge; ``window_start`` is the start of its time window."""
    return _identify("surge", post_id, window_start)
