"""The result for one media item, on its way from the model, or from an earlier analysis, to the answer."""

from dataclasses import dataclass, field

from schemas.verdicts import MediaVerdict
from storage.analyses import Analysis
from storage.pending_evidence import EvidenceFile


@dataclass(frozen=True)
class AnalysedItem:
    """The verdict on one media item, its evidence, and the seconds that each stage took.

    ``pdqs`` are the hashes of frames that can be compared. ``settled``: known media decided it without an
    analysis, so there is nothing to store.
    """

    verdict: MediaVerdict
    evidence: tuple[EvidenceFile, ...] = ()
    timings: dict[str, float] = field(default_factory=dict)
    pdqs: tuple[str, ...] = ()
    settled: bool = False


def reused(analysis: Analysis, uri: str) -> AnalysedItem:
    """Return a stored analysis as the result for the media item at ``uri``."""
    return AnalysedItem(analysis.at(uri), pdqs=analysis.pdqs)
