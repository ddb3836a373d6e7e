"""From what a platform says to the record that says it; pure, for the SDK and the gateway alike."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from schemas.envelope import Message, encode
from schemas.identity import post_event_id
from schemas.posts import PostAppealed, PostCreated, PostEvent, PostReplayed, PostReported
from schemas.topics import BY_CONTRACT


@dataclass(frozen=True)
class Publication:
    """An event ready to be published: its id and its record."""

    event_id: UUID
    message: Message


def publication(event: PostEvent, source: str) -> Publication:
    """The record of ``event``, the same bytes whenever it is asked for, so that a repeat changes nothing.

    ``source`` is the CloudEvents source, a URI reference that names the platform.
    """
    about, time = _subject(event)
    event_id = post_event_id(BY_CONTRACT[type(event)].name, about)
    message = encode(event, id=str(event_id), source=source, key=event.post_id, time=time)
    return Publication(event_id, message)


def _subject(event: PostEvent) -> tuple[str, datetime]:
    """What the event's identity stands on, and when it happened."""
    match event:
        case PostCreated():
            return event.post_id, event.created_at
        case PostReported():
            return event.report_id, event.reported_at
        case PostAppealed():
            return event.appeal_id, event.appealed_at
        case PostReplayed():
            return event.replay_id, event.replayed_at
