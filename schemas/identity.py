"""Identity of events: a UUIDv5 of what an event is about, so that a repeat is seen to be one.

RFC 9562, section 5.5. Two deliveries of the same cause give the same id, whoever computes it and when.
"""

from collections.abc import Iterable
from uuid import UUID, uuid5

_NAMESPACE = UUID(
    "6f1c8c52-9c1e-5a0b-8d0e-fa8e3e5f0a11"
)  # FakeME's own; changing it would make every event new
_SEPARATOR = "\x1f"  # ASCII unit separator: cannot occur in identifiers, so parts cannot run together


def _identify(kind: str, *parts: str) -> UUID:
    return uuid5(_NAMESPACE, _SEPARATOR.join((kind, *parts)))


def post_event_id(kind: str, about: str) -> UUID:
    """Id of a platform event: ``kind`` is its topic, ``about`` the post, report, appeal or replay id."""
    return _identify("post-event", kind, about)


def verdict_id(
    post_id: str, media_hashes: Iterable[str], analysis_identity: str, trigger_event_id: str
) -> UUID:
    """Return the id of a verdict. ``media_hashes`` has the refusal reason where media have no hash."""
    return _identify("verdict", post_id, *media_hashes, analysis_identity, trigger_event_id)


def shadow_id(
    post_id: str, media_hashes: Iterable[str], analysis_identity: str, trigger_event_id: str
) -> UUID:
    """Return the id of a shadow verdict; the analysis identity is that of the shadow model."""
    return _identify("shadow", post_id, *media_hashes, analysis_identity, trigger_event_id)


def tag_event_id(post_id: str, action: str, cause_id: UUID) -> UUID:
    """Id of a tag change: post, what was done, and the verdict or decision that caused it."""
    return _identify("tag", post_id, action, str(cause_id))


def case_event_id(case_id: UUID, change: str, cause: str) -> UUID:
    """Id of a change to a case: ``cause`` is the id of the event, lease or decision behind it."""
    return _identify("case-event", str(case_id), change, cause)


def case_id(post_id: str, cause_event_id: str) -> UUID:
    """Id of a case: the post and the event that opened it."""
    return _identify("case", post_id, cause_event_id)


def decision_id(case: UUID, moderator: str, lease_token: str) -> UUID:
    """Id of a decision: one claim of a case by one moderator yields one decision."""
    return _identify("decision", str(case), moderator, lease_token)


def surge_id(post_id: str, window_start: str) -> UUID:
    """Id of a surge: the post and the start of the window in which it happened."""
    return _identify("surge", post_id, window_start)
