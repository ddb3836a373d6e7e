"""The tag state of each post."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from schemas.tags import CauseKind
from storage.tables import PostTag

CHANNEL = "post_tags"  # NOTIFY; the payload is the post's id


def lock_tag(session: Session, post_id: str) -> PostTag | None:
    """Lock and return the tag state of a post until the transaction ends.

    A post without a state is locked too, so that of two first changes the second sees the first.
    """
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"post_tag:{post_id}", 0))))
    return session.get(PostTag, post_id, populate_existing=True)


def find(session: Session, post_id: str) -> PostTag | None:
    """Return the tag state of a post without a lock; None before the first verdict or decision."""
    return session.get(PostTag, post_id, populate_existing=True)


def put_tag(
    session: Session, post_id: str, *, tagged: bool, cause_kind: CauseKind, cause_id: UUID, cause_at: datetime
) -> None:
    """Set the tag state of a post locked with :func:`lock_tag`, and notify :data:`CHANNEL`."""
    state = {"tagged": tagged, "cause_kind": cause_kind.value, "cause_id": cause_id, "cause_at": cause_at}
    row = insert(PostTag).values(post_id=post_id, **state)
    session.execute(
        row.on_conflict_do_update(index_elements=[PostTag.post_id], set_={**state, "changed_at": func.now()})
    )
    session.execute(select(func.pg_notify(CHANNEL, post_id)))
