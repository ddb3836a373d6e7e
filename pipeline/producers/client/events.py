"""Encodes a platform's events as Kafka records; pure, used by the SDK and the gateway."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from schemas.envelope import Message, encode
from schemas.identity import post_event_id
from schemas.posts import PostAppealed, PostCreated, PostEvent, PostReplayed, PostReported
from schemas.topics import BY_CONTRACT


@dataclass(frozen=True)
class Publication:
    """An encoded event: its id and its record."""

    event_id: UUID
    message: Message


def publication(event: PostEvent, source: str) -> Publication:
    """Encode ``event``; the same event always gives the same id and bytes, so publishing is idempotent.

    ``source`` is the CloudEvents source, a URI reference that names the platform.
    """
    subject_id, time = _subject(event)
    event_id = post_event_id(BY_CONTRACT[type(event)].name, subject_id)
    message = encode(event, id=str(event_id), source=source, key=event.post_id, time=time)
    return Publication(event_id, message)


def _subject(event: PostEvent) -> tuple[str, datetime]:
    """Return the id from which the event id is derived, and the time of the event."""
    match event:
        case PostCreated():
            return event.post_id, event.created_at
        case PostReported():
            return event.report_id, event.reported_at
        case PostAppealed():
            return event.appeal_id, event.appealed_at
        case PostReplayed():
            return event.replay_id, event.replayed_at
