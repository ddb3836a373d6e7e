"""What models found in media, by the bytes: the same bytes are not analysed twice."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from schemas.verdicts import MediaVerdict
from storage.tables import MediaAnalysis


@dataclass(frozen=True)
class Analysis:
    """A stored result; the same bytes may lie at many places, so it has no URI of its own."""

    body: Mapping[str, Any]

    def at(self, uri: str) -> MediaVerdict:
        """The result as the verdict on the media at ``uri``, marked as reused."""
        return MediaVerdict.model_validate({**self.body, "uri": uri, "reused": True})


def find(session: Session, hashes: Collection[str], identity: str) -> dict[str, Analysis]:
    """Return the analyses of the bytes with these SHA-256 under an analysis identity, by hash; one query."""
    query = select(MediaAnalysis.sha256, MediaAnalysis.body).where(
        MediaAnalysis.sha256.in_(hashes), MediaAnalysis.analysis_identity == identity
    )
    return {sha256: Analysis(body) for sha256, body in session.execute(query)} if hashes else {}


def keep(session: Session, media: MediaVerdict, identity: str) -> bool:
    """Keep a result; false if these bytes had one already, which then stands.

    ``media.sha256`` must be there: without the hash of the bytes there is nothing to find it by.
    """
    if media.sha256 is None:
        raise ValueError(f"the analysis of {media.uri} has no sha256")
    row = insert(MediaAnalysis).values(
        sha256=media.sha256,
        analysis_identity=identity,
        label=media.label.value,
        score=media.score,
        pdq=media.pdq,
        body=media.model_dump(mode="json", exclude={"uri", "reused"}),
    )
    kept = session.execute(row.on_conflict_do_nothing().returning(MediaAnalysis.id))
    return kept.first() is not None
