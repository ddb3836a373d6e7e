"""One media to its crops: decode, find, judge, cut; what becomes of them is decided elsewhere."""

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
from training.preprocess import archive, cutting, quality
from training.preprocess.media import Framing, RawMedia
from training.preprocess.options import Options

NO_FACE = "no_face"
RIM = 40  # pixels put around an aligned face, which fills its picture: MTCNN wants to see surroundings

Find = Callable[[Sequence[Pixels]], list[list[Face]]]


@dataclass(frozen=True)
class KeptFace:
    """A row of the index, and the picture that belongs to it."""

    row: dict[str, Any]
    encoded: bytes


@dataclass
class Outcome:
    """What became of one media; ``failure`` says why it could not be read, empty where it could."""

    media: str
    path: str
    kept: list[KeptFace] = field(default_factory=list)
    rejected: Counter[str] = field(default_factory=Counter)
    failure: str = ""


def limits_for(options: Options) -> MediaLimits:
    """Wider than for posts: a collection is trusted, and its videos are long and large."""
    return MediaLimits(
        max_bytes=2_000_000_000, max_seconds=7200.0, max_frames=options.frames, max_frame_side=1920
    )


def extract(media: RawMedia, options: Options, find: Find) -> Outcome:
    """The crops of one media; a file that cannot be read or decoded is a failure, not an exception."""
    outcome = Outcome(media.media, media.entry.path)
    try:
        data = archive.read(media.entry)
        decoded = decode(data, limits=limits_for(options))
    except (MediaUnreadableError, Unprocessable) as error:
        outcome.failure = str(error)
        return outcome
    found = _found(media, decoded, options, find)
    demands = quality.Demands(pixels=options.min_pixels, sharpness=options.min_sharpness)
    for number, (frame, faces) in enumerate(zip(decoded.frames, found, strict=True)):
        if not faces:
            outcome.rejected[NO_FACE] += 1
        for place, face in enumerate(faces):
            measured = quality.measure(frame.image, face)
            rejection = quality.judge(measured, demands)
            if rejection is not None:
                outcome.rejected[rejection.value] += 1
                continue
            crop = _crop(media, frame, face, options, data)
            row = {
                **_labels(media, options),
                **_place(media, number, place, frame),
                **_measures(crop, measured),
            }
            outcome.kept.append(KeptFace(row, crop.encoded))
    return outcome


def _found(media: RawMedia, decoded: DecodedMedia, options: Options, find: Find) -> list[list[Face]]:
    if media.face is not None:
        return [[media.face] for _ in decoded.frames]
    if media.framing is Framing.ALIGNED:
        return [_middle_face(frame.image, find) for frame in decoded.frames]
    images = [frame.image for frame in decoded.frames]
    return [faces[: options.faces] for faces in find(images)]


def _middle_face(image: Pixels, find: Find) -> list[Face]:
    """The face nearest to the middle of an aligned picture; none where MTCNN sees none."""
    padded = np.pad(image, ((RIM, RIM), (RIM, RIM), (0, 0)), mode="edge")
    middle = np.array(image.shape[1::-1]) / 2
    faces = [cutting.moved_face(face, RIM, RIM, 1.0) for face in find([padded])[0]]

    def away(face: Face) -> float:
        return float(np.abs(np.add(face.box[:2], face.box[2:]) / 2 - middle).sum())

    return sorted(faces, key=away)[:1]


def _crop(media: RawMedia, frame: Frame, face: Face, options: Options, data: bytes) -> cutting.Crop:
    if media.framing is Framing.ALIGNED:
        return cutting.keep_whole(frame.image, face, data)
    return cutting.cut(frame.image, face, options.size, options.margin)


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


def _place(media: RawMedia, number: int, place: int, frame: Frame) -> dict[str, Any]:
    return {"name": _name(media, number, place), "frame": number, "seconds": frame.seconds}


def _name(media: RawMedia, number: int, place: int) -> str:
    """An aligned picture keeps its name; a crop's says its media by hash, frame and face."""
    if media.framing is Framing.ALIGNED:
        return media.entry.name
    digest = hashlib.sha256(media.media.encode()).hexdigest()[:16]
    return f"{digest}-{number:03}-{place}.jpg"


def _measures(crop: cutting.Crop, measured: quality.Quality) -> dict[str, Any]:
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
