"""Runs the model on the new media items of a batch, and stores the evidence for moderators."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Engine

from inference.analysis import MediaAnalysis
from inference.detector import Detector
from inference.evidence import Evidence
from pipeline.consumers.detection.assembly import media_verdict
from pipeline.consumers.detection.explanations import AnalysedMedia, evidence
from pipeline.consumers.detection.preparation import PendingMedia
from pipeline.consumers.detection.signals.combination import combine
from pipeline.runtime import metrics
from pipeline.settings import ExplainSettings
from schemas.verdicts import MediaVerdict
from storage import analyses
from storage.database import transaction
from storage.objects import ObjectStore


@dataclass(frozen=True)
class EvidenceStore:
    """The bucket for evidence, and the settings for explanatory pictures."""

    objects: ObjectStore
    bucket: str
    explain: ExplainSettings

    def put(self, folder: str, pictures: Sequence[Evidence]) -> list[str]:
        """Store ``pictures`` below ``folder``; return their URIs."""
        return [
            self.objects.put(self.bucket, f"{folder}/{picture.name}", picture.content, picture.media_type)
            for picture in pictures
        ]


class MediaAnalyser:
    """Analyses media items. Use it from the compute thread only."""

    def __init__(
        self, detector: Detector, database: Engine, evidence_store: EvidenceStore, *, identity: str
    ) -> None:
        self._detector = detector
        self._database = database
        self._evidence = evidence_store
        self._identity = identity

    def analyse(self, pending: Sequence[PendingMedia]) -> tuple[dict[str, MediaVerdict], list[AnalysedMedia]]:
        """Return the verdicts by SHA-256, and the media items that the model analysed with their analyses.

        Content that an earlier batch analysed in the meantime is not analysed again.
        """
        distinct = {item.decoded.sha256: item for item in pending}
        with transaction(self._database) as session:
            known = analyses.find(session, list(distinct), self._identity)
        verdicts = {sha256: known[sha256].at(distinct[sha256].media.uri) for sha256 in known}
        new = [item for sha256, item in distinct.items() if sha256 not in known]
        results = self._detector.analyse([item.decoded for item in new])
        analysed = [(item.decoded, result) for item, result in zip(new, results, strict=True)]
        pictures = evidence(self._detector, analysed, self._evidence.explain)
        for item, result, drawn in zip(new, results, pictures, strict=True):
            verdicts[result.sha256] = self._verdict(item, result, drawn)
        return verdicts, analysed

    def _verdict(
        self, item: PendingMedia, analysis: MediaAnalysis, pictures: Sequence[Evidence]
    ) -> MediaVerdict:
        item.timings.update(analysis.timings)
        for stage, seconds in analysis.timings.items():
            metrics.STAGE_SECONDS.labels(stage).observe(seconds)
        uris = self._evidence.put(f"{analysis.sha256}/{self._identity}", pictures)
        return combine(media_verdict(item.media, analysis, uris), item.findings)
