"""The analysis of one media item, and how it is assembled from faces and scores. Pure functions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from inference.decision import Thresholds, decide, with_unseen_parts
from inference.face import Box, Face, Point
from inference.fingerprint import Fingerprint, comparable, representative
from inference.media.decoded import DecodedMedia, MediaKind
from inference.tracks import link_tracks
from schemas.verdicts import Label, UnprocessableReason


@dataclass(frozen=True)
class ModelIdentity:
    """The model behind an analysis, so that verdicts can be traced and results reused."""

    name: str
    version: str
    weights_sha256: str


@dataclass(frozen=True)
class FaceFinding:
    """A face that was judged in one frame.

    ``box`` and ``landmarks`` are in pixels of the upright media item; the box lies within it. ``score`` is
    the calibrated probability of forgery. ``frame`` is the index among the decoded frames; ``seconds`` and
    ``track`` are None for a still picture.
    """

    box: Box
    landmarks: tuple[Point, ...]
    score: float
    frame: int
    seconds: float | None = None
    track: int | None = None


@dataclass(frozen=True)
class DetectedFace:
    """A face in one frame, before it is judged; ``track`` is None for a still picture."""

    frame: int
    face: Face
    track: int | None


@dataclass(frozen=True)
class MediaAnalysis:
    """The detector's result for one media item.

    ``score`` is None if no face was judged; ``note`` may then give the reason. ``reason`` is set if the label
    is ``unprocessable``: too little of the item could be decoded. ``frames`` is the number of
    analysed frames. ``timings`` are seconds by stage, this item's share of its batch. ``detected`` are all
    faces, including those that were not judged, in pixels of the decoded frames.
    """

    label: Label
    score: float | None
    threshold: float
    suspect_threshold: float
    faces: tuple[FaceFinding, ...]
    note: str
    kind: MediaKind
    media_type: str
    width: int
    height: int
    frames: int
    seconds: float | None
    sha256: str
    fingerprints: tuple[Fingerprint, ...]  # of each frame
    model: ModelIdentity
    reason: UnprocessableReason | None = None
    detected: tuple[DetectedFace, ...] = field(default=(), repr=False)
    timings: Mapping[str, float] = field(default_factory=dict)

    @property
    def pdq(self) -> str:
        """The PDQ hash that stands for the whole media item."""
        return representative(self.fingerprints).pdq

    @property
    def comparable_pdqs(self) -> tuple[str, ...]:
        """The distinct PDQ hashes of frames that have enough features to be compared."""
        return comparable(self.fingerprints)


def detected_faces(media: DecodedMedia, faces_by_frame: Sequence[Sequence[Face]]) -> list[DetectedFace]:
    """Return all faces of a media item in pixels of its frames, linked into tracks unless it is a picture."""
    if media.kind is MediaKind.IMAGE:
        return [DetectedFace(0, face, None) for face in faces_by_frame[0]]
    tracks = link_tracks([[face.box for face in faces] for faces in faces_by_frame])
    return [
        DetectedFace(index, face, track)
        for index, (faces, numbers) in enumerate(zip(faces_by_frame, tracks, strict=True))
        for face, track in zip(faces, numbers, strict=True)
    ]


def assemble(
    media: DecodedMedia,
    *,
    detected: Sequence[DetectedFace],
    scored: Sequence[tuple[DetectedFace, float]],
    fingerprints: tuple[Fingerprint, ...],
    skipped: int,
    thresholds: Thresholds,
    model: ModelIdentity,
) -> MediaAnalysis:
    """Return the analysis of ``media``.

    Of the detected faces, those in ``scored`` were judged, ``skipped`` were too many, the rest too small.
    """
    decision = with_unseen_parts(
        decide(_by_track(scored), len(detected) - len(scored) - skipped, thresholds),
        decoded_share=media.decoded_share,
        fault=media.fault,
        skipped_faces=skipped,
    )
    return MediaAnalysis(
        label=decision.label,
        score=decision.score,
        threshold=thresholds.tag,
        suspect_threshold=thresholds.suspect,
        faces=tuple(_finding(media, face, score) for face, score in scored),
        note=decision.note,
        reason=decision.reason,
        kind=media.kind,
        media_type=media.media_type,
        width=media.width,
        height=media.height,
        frames=len(media.frames),
        seconds=media.seconds,
        sha256=media.sha256,
        fingerprints=fingerprints,
        model=model,
        detected=tuple(detected),
    )


def _by_track(scored: Sequence[tuple[DetectedFace, float]]) -> list[list[float]]:
    """Return the scores of each track; in a still picture every face is a track of its own."""
    tracks: dict[tuple[int | None, int], list[float]] = {}
    for index, (detected, score) in enumerate(scored):
        alone = index if detected.track is None else -1
        tracks.setdefault((detected.track, alone), []).append(score)
    return list(tracks.values())


def _finding(media: DecodedMedia, detected: DetectedFace, score: float) -> FaceFinding:
    x0, y0, x1, y1 = (value / media.scale for value in detected.face.box)
    return FaceFinding(
        box=(max(x0, 0.0), max(y0, 0.0), min(x1, float(media.width)), min(y1, float(media.height))),
        landmarks=tuple((x / media.scale, y / media.scale) for x, y in detected.face.landmarks),
        score=score,
        frame=detected.frame,
        seconds=media.frames[detected.frame].seconds,
        track=detected.track,
    )
