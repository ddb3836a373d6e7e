"""Runs the model on the new media items of a batch, and makes the evidence for moderators."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import Engine

from inference.analysis import MediaAnalysis
from inference.detector import Detector
from pipeline.consumers.detection.assembly import media_verdict
from pipeline.consumers.detection.evidence_uploads import EvidenceUploader
from pipeline.consumers.detection.explanations import AnalysedMedia, evidence
from pipeline.consumers.detection.preparation import PendingMedia
from pipeline.consumers.detection.signals.combination import combine
from pipeline.runtime import metrics
from pipeline.settings import ExplainSettings
from schemas.verdicts import MediaVerdict
from storage import analyses
from storage.database import transaction
from storage.pending_evidence import EvidenceFile


@dataclass(frozen=True)
class Analysed:
    """The result for a batch: verdicts by SHA-256, what the model analysed, and the evidence to store."""

    verdicts: dict[str, MediaVerdict] = field(default_factory=dict)
    media: list[AnalysedMedia] = field(default_factory=list)
    evidence: list[EvidenceFile] = field(default_factory=list)


class MediaAnalyser:
    """Analyses media items. Use it from the compute thread only."""

    def __init__(
        self,
        detector: Detector,
        database: Engine,
        uploader: EvidenceUploader,
        *,
        explain: ExplainSettings,
        identity: str,
    ) -> None:
        self._detector = detector
        self._database = database
        self._uploader = uploader
        self._explain = explain
        self._identity = identity

    def analyse(self, pending: Sequence[PendingMedia]) -> Analysed:
        """Return the verdicts on these media items, and what comes with them.

        Content that an earlier batch analysed in the meantime is not analysed again.
        """
        distinct = {item.decoded.sha256: item for item in pending}
        with transaction(self._database) as session:
            known = analyses.find(session, list(distinct), self._identity)
        done = Analysed({sha256: known[sha256].at(distinct[sha256].media.uri) for sha256 in known})
        new = [item for sha256, item in distinct.items() if sha256 not in known]
        results = self._detector.analyse([item.decoded for item in new])
        done.media.extend((item.decoded, result) for item, result in zip(new, results, strict=True))
        pictures = evidence(self._detector, done.media, self._explain)
        for item, result, drawn in zip(new, results, pictures, strict=True):
            files = self._uploader.files(f"{result.sha256}/{self._identity}", drawn)
            done.evidence.extend(files)
            done.verdicts[result.sha256] = self._verdict(item, result, [file.uri for file in files])
        return done

    def _verdict(self, item: PendingMedia, analysis: MediaAnalysis, evidence: Sequence[str]) -> MediaVerdict:
        item.timings.update(analysis.timings)
        for stage, seconds in analysis.timings.items():
            metrics.STAGE_SECONDS.labels(stage).observe(seconds)
        return combine(media_verdict(item.media, analysis, evidence), item.findings)
