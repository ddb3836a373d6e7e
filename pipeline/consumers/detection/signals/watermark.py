"""The signal of FakeME's own watermark: the media item was generated here.

The mark alone does not decide. Without the key nobody can make one, but whoever has a marked picture may
copy its mark into another. So it decides where the media item also looks like the file that was marked; else
a moderator is asked.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from sqlalchemy import Engine

from inference.errors import Unprocessable
from inference.fingerprint import comparable, differing_bits, dihedral, frame_fingerprints
from inference.media.decoded import DecodedMedia
from inference.watermark.detection import Detection, detect_in_frames
from pipeline.consumers.detection.signals.signal import ExaminedMedia, Finding
from pipeline.settings import WatermarkSettings
from schemas.verdicts import Label
from schemas.watermarks import payload_text
from storage import manifests
from storage.database import transaction
from storage.manifests import StoredManifest

CODE_VERSION = 1  # raise it when the code may answer differently
SAME_LOOK = 64  # bits of 256; 11,175 pairs of different pictures differed in 72 or more, in any orientation

FindManifest = Callable[[str], StoredManifest | None]  # by payload


@dataclass(frozen=True)
class WatermarkSignal:
    """Looks for the mark of one key. The version covers the key and whether other geometries are tried."""

    version: str
    key: bytes = field(repr=False)
    search: bool
    find_manifest: FindManifest
    name: str = "watermark"

    def examine(self, media: ExaminedMedia) -> Finding | None:
        """Return what the mark says; None if there is none, or the media item cannot be decoded."""
        try:
            decoded = media.decoded
        except Unprocessable:
            return None  # which the model's verdict will say
        size = decoded.height, decoded.width
        found = detect_in_frames(decoded.frames, self.key, size=size, search=self.search)
        if found.payload is None:
            return None
        payload = payload_text(found.payload)
        return finding(payload, found, self.find_manifest(payload), hashes(decoded))


def watermark_signal(settings: WatermarkSettings, find_manifest: FindManifest) -> WatermarkSignal | None:
    """Return the signal; None if there is no key to look for."""
    key = settings.key_bytes
    if key is None:
        return None
    version = f"{CODE_VERSION}-{sha256(key).hexdigest()[:8]}{'' if settings.search else '-in-place'}"
    return WatermarkSignal(version, key, settings.search, find_manifest)


def stored_manifests(database: Engine) -> FindManifest:
    """Return a function that looks a payload up in the database."""

    def find(payload: str) -> StoredManifest | None:
        with transaction(database) as session:
            return manifests.find(session, payload)

    return find


def hashes(decoded: DecodedMedia) -> tuple[str, ...]:
    """Return the perceptual hashes of the frames, by which a media item is compared with what was marked."""
    return comparable(frame_fingerprints(decoded.frames))


def finding(payload: str, mark: Detection, manifest: StoredManifest | None, pdqs: Sequence[str]) -> Finding:
    """Return the finding for a mark, given the manifest that is stored for it and the item's hashes."""
    chance = f"one in {1 / mark.false_positive_bound:.0e}" if mark.false_positive_bound > 0 else "none"
    what = f"FakeME's watermark {payload} (chance of an error at most {chance})"
    if manifest is None:
        return Finding(Label.SUSPECTED, detail=f"{what}; no manifest is stored for it")
    made = f"of request {manifest.request_id}, made by {manifest.model} {manifest.model_version}".rstrip()
    if looks_like(pdqs, manifest.pdqs):
        return Finding(Label.DEEPFAKE, decisive=True, detail=f"{what}, {made}")
    return Finding(
        Label.SUSPECTED,
        detail=f"{what}, {made}, but it looks unlike that file: it was cut, or the mark was copied into it",
    )


def looks_like(pdqs: Sequence[str], marked: Sequence[str]) -> bool:
    """Return whether one of the hashes is that of a marked frame, perhaps turned or mirrored."""
    return any(
        differing_bits(variant, other) <= SAME_LOOK
        for pdq in pdqs
        for variant in dihedral(pdq)
        for other in marked
    )
