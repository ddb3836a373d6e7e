"""The tenant that published a post through the gateway; the first one that publishes an id owns it."""

from sqlalchemy import Select, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from storage.tables import PostOwner


def claim(session: Session, post_id: str, owner: str) -> str:
    """Make ``owner`` the owner of the post if it has none; return its owner."""
    row = insert(PostOwner).values(post_id=post_id, owner=owner)
    session.execute(row.on_conflict_do_nothing())
    return session.execute(_owner(post_id)).scalar_one()


def owner_of(session: Session, post_id: str) -> str | None:
    """Return the owner of the post; None if it is unknown or did not come through the gateway."""
    return session.execute(_owner(post_id)).scalar_one_or_none()


def _owner(post_id: str) -> Select[str]:
    return select(PostOwner.owner).where(PostOwner.post_id == post_id)
