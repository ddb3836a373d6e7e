"""The one interface to the model: decoded media in, analyses out, in batches across media.

Steps: 1 find faces in all frames, 2 fingerprint, 3 score all crops together, 4 put each answer together.
A second model takes the first two from the answers of the first.
Decoding (`inference.media.decode`) is apart, so that it can run in threads while this works on a batch.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from time import perf_counter

from inference.analysis import DetectedFace, MediaAnalysis, ModelIdentity, assemble, detected_faces
from inference.checkpoint import Checkpoint, ModelCard, load_checkpoint
from inference.decision import Thresholds
from inference.device import choose_device
from inference.evidence import Evidence
from inference.explanation.pictures import explain
from inference.face_detection import FaceDetector
from inference.fingerprint import Fingerprint, media_fingerprint
from inference.media.decoded import DecodedMedia
from inference.scoring import FaceScorer


class Detector:
    """A model on a device. Any number of them may live in a process; calls do not change state."""

    def __init__(self, checkpoint: Checkpoint, device: str = "auto") -> None:
        """Raises :class:`~inference.errors.DeviceUnavailableError`."""
        self.card: ModelCard = checkpoint.card
        self.device = choose_device(device)
        self.model = ModelIdentity(self.card.name, self.card.version, self.card.sha256)
        self._thresholds = Thresholds(self.card.tag_threshold, self.card.suspect_threshold)
        self._face_detector = FaceDetector(self.device)
        self._scorer = FaceScorer(checkpoint, self.device)

    @classmethod
    def load(cls, directory: Path, device: str = "auto") -> "Detector":
        """The model in ``directory``; raises a :class:`~inference.errors.CheckpointError` if unusable."""
        return cls(load_checkpoint(directory), device)

    def analyse(self, media: Sequence[DecodedMedia]) -> list[MediaAnalysis]:
        """One analysis for each media, in order; faces of all of them share the network's batches."""
        timings: dict[str, float] = {}
        with _timed(timings, "faces", len(media)):
            seen = self._find(media)
        with _timed(timings, "fingerprint", len(media)):
            prints = [media_fingerprint(one.frames) for one in media]
        return self._judge(media, seen, prints, timings)

    def analyse_again(
        self, media: Sequence[DecodedMedia], before: Sequence[MediaAnalysis]
    ) -> list[MediaAnalysis]:
        """This model's analyses of media that another has analysed before; its faces are not sought again."""
        seen = [one.seen for one in before]
        prints = [Fingerprint(one.pdq, one.pdq_quality) for one in before]
        return self._judge(media, seen, prints, {})

    def _judge(
        self,
        media: Sequence[DecodedMedia],
        seen: Sequence[Sequence[DetectedFace]],
        prints: Sequence[Fingerprint],
        timings: dict[str, float],
    ) -> list[MediaAnalysis]:
        with _timed(timings, "score", len(media)):
            scored = self._score(media, seen)
        analyses = [
            assemble(
                one,
                seen=sighted,
                scored=judged,
                fingerprint=printed,
                thresholds=self._thresholds,
                model=self.model,
            )
            for one, sighted, judged, printed in zip(media, seen, scored, prints, strict=True)
        ]
        return [replace(analysis, timings=timings) for analysis in analyses]

    def explain(
        self, media: DecodedMedia, analysis: MediaAnalysis, budget_seconds: float
    ) -> Iterator[Evidence]:
        """Pictures of why this model flagged ``media``, drawn as they are taken; see `inference.explanation`.

        None is begun once ``budget_seconds`` have passed since the first was asked for.
        """
        return explain(media, analysis, self._scorer.look, budget_seconds)

    def _find(self, media: Sequence[DecodedMedia]) -> list[list[DetectedFace]]:
        images = [frame.image for one in media for frame in one.frames]
        found = iter(self._face_detector.detect(images))
        return [detected_faces(one, [next(found) for _ in one.frames]) for one in media]

    def _score(
        self, media: Sequence[DecodedMedia], seen: Sequence[Sequence[DetectedFace]]
    ) -> list[list[tuple[DetectedFace, float]]]:
        """The faces large enough for an opinion, with their scores, for each media."""
        judged = [[one for one in many if one.face.shorter_edge >= self.card.min_face_px] for many in seen]
        scores = iter(
            self._scorer.score(
                (one.frames[sighting.frame].image, sighting.face.box)
                for one, many in zip(media, judged, strict=True)
                for sighting in many
            )
        )
        return [[(sighting, next(scores)) for sighting in many] for many in judged]


@contextmanager
def _timed(timings: dict[str, float], stage: str, shared_by: int) -> Iterator[None]:
    start = perf_counter()
    yield
    timings[stage] = (perf_counter() - start) / max(shared_by, 1)
