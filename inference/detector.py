"""The interface to a model: decoded media items in, analyses out, in batches across items.

Steps: 1. detect faces in all frames, 2. fingerprint, 3. score all crops together, 4. assemble the analyses.
A second model reuses the results of the first two steps. Decoding (`inference.media.decode`) is separate, so
that it can run in threads while the detector works on a batch.
"""

from collections import Counter
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
from inference.fingerprint import Fingerprint, frame_fingerprints
from inference.media.decoded import DecodedMedia
from inference.scoring import FaceScorer

# A face takes 15 ms on a CPU core, and hundreds fit into a picture. Pictures of more are of crowds.
MAX_JUDGED_FACES = 64  # of a still picture; the largest
MAX_JUDGED_CROPS = 256  # of all frames of a video or an animation: the 8 largest in each of 32


class Detector:
    """A model on a device. A process may hold several; calls do not change state."""

    def __init__(self, checkpoint: Checkpoint, device: str = "auto") -> None:
        """Raise :class:`~inference.errors.DeviceUnavailableError` if the device cannot be used."""
        self.card: ModelCard = checkpoint.card
        self.device = choose_device(device)
        self.model = ModelIdentity(self.card.name, self.card.version, self.card.sha256)
        self._thresholds = Thresholds(self.card.tag_threshold, self.card.suspect_threshold)
        self._face_detector = FaceDetector(self.device)
        self._scorer = FaceScorer(checkpoint, self.device)

    @classmethod
    def load(cls, directory: Path, device: str = "auto") -> "Detector":
        """Load the model in ``directory``; raise a :class:`~inference.errors.CheckpointError` if unusable."""
        return cls(load_checkpoint(directory), device)

    def analyse(self, media: Sequence[DecodedMedia]) -> list[MediaAnalysis]:
        """Return one analysis per media item, in order; faces of all items share the network's batches."""
        timings: dict[str, float] = {}
        with _timed(timings, "faces", len(media)):
            detected = self._detect_faces(media)
        with _timed(timings, "fingerprint", len(media)):
            fingerprints = [frame_fingerprints(item.frames) for item in media]
        return self._judge(media, detected, fingerprints, timings)

    def analyse_again(
        self, media: Sequence[DecodedMedia], before: Sequence[MediaAnalysis]
    ) -> list[MediaAnalysis]:
        """Return this model's analyses of media items that another model has analysed.

        Reuses the faces and fingerprints of those analyses.
        """
        detected = [analysis.detected for analysis in before]
        fingerprints = [analysis.fingerprints for analysis in before]
        return self._judge(media, detected, fingerprints, {})

    def explain(
        self, media: DecodedMedia, analysis: MediaAnalysis, budget_seconds: float
    ) -> Iterator[Evidence]:
        """Yield the pictures that explain why this model flagged ``media``; see `inference.explanation`.

        No picture is started once ``budget_seconds`` have passed since the first was requested.
        """
        return explain(media, analysis, self._scorer.look, budget_seconds)

    def _detect_faces(self, media: Sequence[DecodedMedia]) -> list[list[DetectedFace]]:
        images = [frame.image for item in media for frame in item.frames]
        faces = iter(self._face_detector.detect(images))
        return [detected_faces(item, [next(faces) for _ in item.frames]) for item in media]

    def _judge(
        self,
        media: Sequence[DecodedMedia],
        detected: Sequence[Sequence[DetectedFace]],
        fingerprints: Sequence[tuple[Fingerprint, ...]],
        timings: dict[str, float],
    ) -> list[MediaAnalysis]:
        large = [[face for face in faces if self._is_large_enough(face)] for faces in detected]
        judged = [_largest(item, faces) for item, faces in zip(media, large, strict=True)]
        with _timed(timings, "score", len(media)):
            scored = self._score(media, judged)
        analyses = [
            assemble(
                item,
                detected=faces,
                scored=scored_faces,
                skipped=len(large_faces) - len(scored_faces),
                fingerprints=prints,
                thresholds=self._thresholds,
                model=self.model,
            )
            for item, faces, large_faces, scored_faces, prints in zip(
                media, detected, large, scored, fingerprints, strict=True
            )
        ]
        return [replace(analysis, timings=timings) for analysis in analyses]

    def _score(
        self, media: Sequence[DecodedMedia], judged: Sequence[Sequence[DetectedFace]]
    ) -> list[list[tuple[DetectedFace, float]]]:
        """Return, for each media item, its faces with their scores."""
        scores = iter(
            self._scorer.score(
                (item.frames[detection.frame].image, detection.face.box)
                for item, faces in zip(media, judged, strict=True)
                for detection in faces
            )
        )
        return [[(face, next(scores)) for face in faces] for faces in judged]

    def _is_large_enough(self, detected: DetectedFace) -> bool:
        return detected.face.shorter_edge >= self.card.min_face_px


def _largest(media: DecodedMedia, faces: Sequence[DetectedFace]) -> list[DetectedFace]:
    """Return the largest faces of each frame, in their order, as many as are judged."""
    limit = max(1, MAX_JUDGED_CROPS // len(media.frames)) if len(media.frames) > 1 else MAX_JUDGED_FACES
    in_frame = Counter[int]()
    kept = []
    for face in faces:  # the largest of a frame come first
        in_frame[face.frame] += 1
        if in_frame[face.frame] <= limit:
            kept.append(face)
    return kept


@contextmanager
def _timed(timings: dict[str, float], stage: str, items: int) -> Iterator[None]:
    """Record the time that the block takes per media item."""
    start = perf_counter()
    yield
    timings[stage] = (perf_counter() - start) / max(items, 1)
