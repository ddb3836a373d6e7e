"""Stored analyses of media by content hash, so that the same bytes are not analysed twice."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from schemas.verdicts import MediaVerdict
from storage.tables import AnalysisRow


@dataclass(frozen=True)
class Analysis:
    """A stored analysis. It has no URI, because the same bytes may be stored under several URIs.

    ``pdqs`` are the hashes of frames that can be compared.
    """

    body: Mapping[str, Any]
    pdqs: tuple[str, ...]

    def at(self, uri: str) -> MediaVerdict:
        """Return the analysis as the verdict on the media item at ``uri``, marked as reused."""
        return MediaVerdict.model_validate({**self.body, "uri": uri, "reused": True})


def find(session: Session, hashes: Collection[str], identity: str) -> dict[str, Analysis]:
    """Return the analyses of the bytes with these SHA-256 under an analysis identity, by hash; one query."""
    query = select(AnalysisRow).where(
        AnalysisRow.sha256.in_(hashes), AnalysisRow.analysis_identity == identity
    )
    return {row.sha256: analysis_of(row) for row in session.scalars(query)} if hashes else {}


def frame_hashes(session: Session, hashes: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Return the PDQ hashes of the frames of these bytes by SHA-256, from their newest analysis."""
    query = select(AnalysisRow).where(AnalysisRow.sha256.in_(hashes)).order_by(AnalysisRow.id)
    return {row.sha256: analysis_of(row).pdqs for row in session.scalars(query)} if hashes else {}


def analysis_of(row: AnalysisRow) -> Analysis:
    """Return the analysis in a row."""
    pdqs = row.pdqs if row.pdqs is not None else [row.pdq] if row.pdq else []
    return Analysis(row.body, tuple(pdqs))


def keep(session: Session, media: MediaVerdict, identity: str, pdqs: Sequence[str] = ()) -> bool:
    """Store an analysis; return False if these bytes already have one, which is not overwritten.

    ``pdqs`` are the hashes of its frames. Raise :class:`ValueError` if ``media`` has no SHA-256, which is
    the key.
    """
    if media.sha256 is None:
        raise ValueError(f"the analysis of {media.uri} has no sha256")
    row = insert(AnalysisRow).values(
        sha256=media.sha256,
        analysis_identity=identity,
        label=media.label.value,
        score=media.score,
        pdq=media.pdq,
        pdqs=list(pdqs),
        body=media.model_dump(mode="json", exclude={"uri", "reused"}),
    )
    kept = session.execute(row.on_conflict_do_nothing().returning(AnalysisRow.id))
    return kept.first() is not None
