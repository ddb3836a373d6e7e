"""Runs the model on a batch of media items, and makes the evidence for moderators."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Engine

from inference.analysis import MediaAnalysis
from inference.detector import Detector
from inference.media.decoded import DecodedMedia
from pipeline.consumers.detection.analysed_item import AnalysedItem, reused
from pipeline.consumers.detection.assembly import media_verdict
from pipeline.consumers.detection.evidence_uploads import EvidenceUploader
from pipeline.consumers.detection.explanations import evidence
from pipeline.consumers.detection.shadow import Shadow
from pipeline.consumers.detection.signals.combination import combine
from pipeline.runtime import metrics
from pipeline.settings import ExplainSettings
from schemas.posts import Media
from schemas.verdicts import SignalFinding
from storage import analyses
from storage.database import transaction
from storage.pending_evidence import EvidenceFile

LATEST = 64  # analyses between the model and the database, with their evidence: more than are in progress


@dataclass(frozen=True, eq=False)
class PendingMedia:
    """A decoded media item that the model must analyse, with what the signals found."""

    media: Media
    decoded: DecodedMedia
    findings: tuple[SignalFinding, ...] = ()


class MediaAnalyser:
    """Analyses media items. Use it from the model's thread only."""

    def __init__(
        self,
        detector: Detector,
        database: Engine,
        uploader: EvidenceUploader,
        *,
        explain: ExplainSettings,
        identity: str,
        shadow: Shadow | None = None,
    ) -> None:
        self._detector = detector
        self._database = database
        self._uploader = uploader
        self._explain = explain
        self._identity = identity
        self._shadow = shadow
        self._latest: OrderedDict[str, AnalysedItem] = OrderedDict()  # by SHA-256; not all are stored yet

    def analyse(self, pending: Sequence[PendingMedia]) -> list[AnalysedItem]:
        """Return the result for each media item, in order.

        Content that is in the batch twice, or that was analysed in the meantime, is not analysed again.
        """
        distinct = {item.decoded.sha256: item for item in pending}
        results = self._known(distinct)
        results |= self._analyse([item for sha256, item in distinct.items() if sha256 not in results])
        return [_at(results[item.decoded.sha256], item.media.uri) for item in pending]

    def _known(self, pending: Mapping[str, PendingMedia]) -> dict[str, AnalysedItem]:
        """Return the analyses that another worker has stored, or that this one has made just now."""
        with transaction(self._database) as session:
            stored = analyses.find(session, list(pending), self._identity)
        made = {sha256: self._latest[sha256] for sha256 in pending if sha256 in self._latest}
        return made | {
            sha256: reused(analysis, pending[sha256].media.uri) for sha256, analysis in stored.items()
        }

    def _remember(self, item: AnalysedItem) -> AnalysedItem:
        if item.verdict.sha256 is not None:
            self._latest[item.verdict.sha256] = item
        while len(self._latest) > LATEST:
            self._latest.popitem(last=False)
        return item

    def _analyse(self, new: Sequence[PendingMedia]) -> dict[str, AnalysedItem]:
        if not new:
            return {}
        found = self._detector.analyse([item.decoded for item in new])
        analysed = [(item.decoded, analysis) for item, analysis in zip(new, found, strict=True)]
        if self._shadow is not None:
            self._shadow.offer(analysed)
        pictures = evidence(self._detector, analysed, self._explain)
        return {
            analysis.sha256: self._item(
                item, analysis, self._uploader.files(f"{analysis.sha256}/{self._identity}", drawn)
            )
            for item, analysis, drawn in zip(new, found, pictures, strict=True)
        }

    def _item(
        self, item: PendingMedia, analysis: MediaAnalysis, files: Sequence[EvidenceFile]
    ) -> AnalysedItem:
        for stage, seconds in analysis.timings.items():
            metrics.STAGE_SECONDS.labels(stage).observe(seconds)
        verdict = combine(media_verdict(item.media, analysis, [file.uri for file in files]), item.findings)
        item_analysed = AnalysedItem(verdict, tuple(files), dict(analysis.timings), analysis.comparable_pdqs)
        return self._remember(item_analysed)


def _at(item: AnalysedItem, uri: str) -> AnalysedItem:
    """Return the result for the same content under another URI."""
    if item.verdict.uri == uri:
        return item
    return replace(item, verdict=item.verdict.model_copy(update={"uri": uri}))
