"""Stored posts, so that the media items of a post can be found when it is reported later."""

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from schemas.posts import Media, PostCreated
from storage.tables import Post


def keep(session: Session, post: PostCreated) -> bool:
    """Store a post; return false if the id is already stored, which is not overwritten."""
    row = insert(Post).values(
        post_id=post.post_id, author_id=post.author_id, body=post.model_dump(mode="json")
    )
    return session.execute(row.on_conflict_do_nothing().returning(Post.post_id)).first() is not None


def find(session: Session, post_id: str) -> PostCreated | None:
    """Return the post with this id; None if FakeME never received it."""
    body = session.execute(select(Post.body).where(Post.post_id == post_id)).scalar_one_or_none()
    return None if body is None else PostCreated.model_validate(body)


def media(session: Session, post_id: str) -> tuple[Media, ...]:
    """Return the media items of a post; empty if FakeME never received it."""
    body = session.execute(select(Post.body).where(Post.post_id == post_id)).scalar_one_or_none()
    # Only the media: other fields of a post from before a contract became stricter need not satisfy it.
    return () if body is None else tuple(Media.model_validate(item) for item in body["media"])
