"""Finds the posts whose media match a known one, for operators: both queries read whole tables."""

from collections.abc import Collection, Iterator

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from storage.tables import Verdict

# The bits in which two hashes differ, for each hash of a frame and each hash in question.
_SIMILAR = text("""
    SELECT DISTINCT sha256 FROM media_analyses
    WHERE sha256 = :sha256 OR EXISTS (
        SELECT 1
        FROM unnest(coalesce(pdqs, ARRAY[pdq])) AS frame, unnest(CAST(:pdqs AS text[])) AS wanted
        WHERE bit_count(('x' || frame)::bit(256) # ('x' || wanted)::bit(256)) <= :threshold
    )
""")
_OF_MEDIA = text("""
    EXISTS (
        SELECT 1 FROM jsonb_array_elements(verdicts.body -> 'media') AS item
        WHERE item ->> 'sha256' = ANY(CAST(:hashes AS text[]))
    )
""")


def similar_media(session: Session, sha256: str | None, pdqs: Collection[str], threshold: int) -> list[str]:
    """Return the SHA-256 of analysed media with these bytes, or with a frame near one of the hashes."""
    values = {"sha256": sha256, "pdqs": list(pdqs), "threshold": threshold}
    return sorted(session.scalars(_SIMILAR, values))


def posts_with(session: Session, hashes: Collection[str]) -> Iterator[str]:
    """Yield the ids of posts that had a verdict on media with one of these SHA-256, in order."""
    query = select(Verdict.post_id).where(_OF_MEDIA).distinct().order_by(Verdict.post_id)
    yield from session.scalars(query, {"hashes": list(hashes)})
