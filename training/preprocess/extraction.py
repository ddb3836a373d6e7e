"""Extract the face crops of one media item: decode, detect faces, check quality, crop."""

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from inference.errors import Unprocessable
from inference.face import Face
from inference.fingerprint import fingerprint
from inference.media import DecodedMedia, Frame, MediaLimits, decode
from inference.media.decoded import Pixels
from training.errors import MediaUnreadableError
from training.preprocess import archive, cropping, quality
from training.preprocess.media import Framing, RawMedia
from training.preprocess.options import Options

NO_FACE = "no_face"
PADDING = 40  # pixels added around an aligned picture, because MTCNN needs context around a face

FindFaces = Callable[[Sequence[Pixels]], list[list[Face]]]


@dataclass(frozen=True)
class KeptFace:
    """A row of the index and its encoded crop."""

    row: dict[str, Any]
    encoded: bytes


@dataclass
class Outcome:
    """The result for one media item; ``failure`` is the reason if it could not be read, else empty."""

    media: str
    path: str
    kept: list[KeptFace] = field(default_factory=list)
    rejected: Counter[str] = field(default_factory=Counter)
    failure: str = ""


def limits_for(options: Options) -> MediaLimits:
    """Return limits that are wider than for posts: collections are trusted, and their videos are large."""
    return MediaLimits(
        max_bytes=2_000_000_000, max_seconds=7200.0, max_frames=options.frames, max_frame_side=1920
    )


def extract(media: RawMedia, options: Options, find: FindFaces) -> Outcome:
    """Return the crops of one media item; an unreadable file gives a failure, not an exception."""
    outcome = Outcome(media.media, media.entry.path)
    try:
        data = archive.read(media.entry)
        decoded = decode(data, limits=limits_for(options))
    except (MediaUnreadableError, Unprocessable) as error:
        outcome.failure = str(error)
        return outcome
    detected = _detect_faces(media, decoded, options, find)
    thresholds = quality.QualityThresholds(pixels=options.min_pixels, sharpness=options.min_sharpness)
    for number, (frame, faces) in enumerate(zip(decoded.frames, detected, strict=True)):
        if not faces:
            outcome.rejected[NO_FACE] += 1
        for face_number, face in enumerate(faces):
            measured = quality.measure(frame.image, face)
            rejection = quality.rejection_of(measured, thresholds)
            if rejection is not None:
                outcome.rejected[rejection.value] += 1
                continue
            crop = _crop(media, frame, face, options, data)
            row = {
                **_labels(media, options),
                **_position(media, number, face_number, frame),
                **_measures(crop, measured),
            }
            outcome.kept.append(KeptFace(row, crop.encoded))
    return outcome


def _detect_faces(
    media: RawMedia, decoded: DecodedMedia, options: Options, find: FindFaces
) -> list[list[Face]]:
    if media.face is not None:
        return [[media.face] for _ in decoded.frames]
    if media.framing is Framing.ALIGNED:
        return [_central_face(frame.image, find) for frame in decoded.frames]
    images = [frame.image for frame in decoded.frames]
    return [faces[: options.faces] for faces in find(images)]


def _central_face(image: Pixels, find: FindFaces) -> list[Face]:
    """Return the face nearest to the centre of an aligned picture; empty if MTCNN detects none."""
    padded = np.pad(image, ((PADDING, PADDING), (PADDING, PADDING), (0, 0)), mode="edge")
    centre = np.array(image.shape[1::-1]) / 2
    faces = [cropping.transformed_face(face, PADDING, PADDING, 1.0) for face in find([padded])[0]]

    def distance(face: Face) -> float:
        return float(np.abs(np.add(face.box[:2], face.box[2:]) / 2 - centre).sum())

    return sorted(faces, key=distance)[:1]


def _crop(media: RawMedia, frame: Frame, face: Face, options: Options, data: bytes) -> cropping.Crop:
    if media.framing is Framing.ALIGNED:
        return cropping.keep_whole(frame.image, face, data)
    return cropping.make_crop(frame.image, face, options.size, options.margin)


def _labels(media: RawMedia, options: Options) -> dict[str, Any]:
    return {
        "collection": options.layout,
        "media": media.media,
        "forged": media.forged,
        "method": media.method,
        "person": media.person,
        "source": media.source,
        "original": media.original,
        "group": media.group,
        "sex": media.sex,
        "age": media.age,
        "published": media.published,
    }


def _position(media: RawMedia, number: int, face_number: int, frame: Frame) -> dict[str, Any]:
    return {"name": _name(media, number, face_number), "frame": number, "seconds": frame.seconds}


def _name(media: RawMedia, number: int, face_number: int) -> str:
    """Return the name of an aligned picture, or a name from media hash, frame and face number."""
    if media.framing is Framing.ALIGNED:
        return media.entry.name
    digest = hashlib.sha256(media.media.encode()).hexdigest()[:16]
    return f"{digest}-{number:03}-{face_number}.jpg"


def _measures(crop: cropping.Crop, measured: quality.Quality) -> dict[str, Any]:
    return {
        "width": crop.width,
        "height": crop.height,
        "box": list(crop.face.box),
        "landmarks": [value for point in crop.face.landmarks for value in point],
        "probability": crop.face.probability,
        "pixels": measured.pixels,
        "sharpness": measured.sharpness,
        "turn": measured.pose.turn,
        "tilt": measured.pose.tilt,
        "pdq": bytes.fromhex(fingerprint(crop.pixels).pdq),
        "sha256": hashlib.sha256(crop.encoded).hexdigest(),
    }
