"""What the detector says of one media, and how it is put together from faces and scores. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from inference.decision import Thresholds, decide
from inference.face import Box, Face, Point
from inference.fingerprint import Fingerprint
from inference.media.decoded import DecodedMedia, MediaKind
from inference.tracks import link
from schemas.verdicts import Label


@dataclass(frozen=True)
class ModelIdentity:
    """Which model judged, so that a verdict can be traced and a result reused."""

    name: str
    version: str
    weights_sha256: str


@dataclass(frozen=True)
class FaceFinding:
    """A face that was judged: ``box`` and ``landmarks`` in pixels of the upright media, box within it.

    ``score`` is the calibrated probability of forgery in this frame; ``seconds`` and ``track`` are None in a
    still picture; ``frame`` is the index among the decoded frames.
    """

    box: Box
    landmarks: tuple[Point, ...]
    score: float
    frame: int
    seconds: float | None = None
    track: int | None = None


@dataclass(frozen=True)
class DetectedFace:
    """A face in one frame, before it is judged: frame index, and track number in a moving media."""

    frame: int
    face: Face
    track: int | None


@dataclass(frozen=True)
class MediaAnalysis:
    """The detector's answer. ``score`` is None when no face was judged; ``note`` then may say why.

    ``frames`` counts the frames looked at; ``timings`` are seconds by stage, this media's share of its batch.
    ``seen`` are all faces that were found, also those that were not judged, in pixels of the frames.
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
    pdq: str
    pdq_quality: int
    model: ModelIdentity
    seen: tuple[DetectedFace, ...] = field(default=(), repr=False)
    timings: Mapping[str, float] = field(default_factory=dict)


def detected_faces(media: DecodedMedia, found: Sequence[Sequence[Face]]) -> list[DetectedFace]:
    """All faces of a media, given frame by frame in pixels of the frames, linked into tracks if it moves."""
    if media.kind is MediaKind.IMAGE:
        return [DetectedFace(0, face, None) for face in found[0]]
    tracks = link([[face.box for face in faces] for faces in found])
    return [
        DetectedFace(index, face, track)
        for index, (faces, numbers) in enumerate(zip(found, tracks, strict=True))
        for face, track in zip(faces, numbers, strict=True)
    ]


def assemble(
    media: DecodedMedia,
    *,
    seen: Sequence[DetectedFace],
    scored: Sequence[tuple[DetectedFace, float]],
    fingerprint: Fingerprint,
    thresholds: Thresholds,
    model: ModelIdentity,
) -> MediaAnalysis:
    """The answer for ``media`` from its judged faces; others that were seen are too small for an opinion."""
    opinion = decide(_by_track(scored), len(seen) - len(scored), thresholds)
    return MediaAnalysis(
        label=opinion.label,
        score=opinion.score,
        threshold=thresholds.tag,
        suspect_threshold=thresholds.suspect,
        faces=tuple(_finding(media, detected, score) for detected, score in scored),
        note=opinion.note,
        kind=media.kind,
        media_type=media.media_type,
        width=media.width,
        height=media.height,
        frames=len(media.frames),
        seconds=media.seconds,
        sha256=media.sha256,
        pdq=fingerprint.pdq,
        pdq_quality=fingerprint.quality,
        model=model,
        seen=tuple(seen),
    )


def _by_track(scored: Sequence[tuple[DetectedFace, float]]) -> list[list[float]]:
    """Scores of each track; in a still picture every face stands for itself."""
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
