"""Everything that FakeME can find out about one file, judged as detection would judge it in a post."""

import time
from collections.abc import Sequence
from functools import partial
from hashlib import sha256

from inference.detector import Detector
from inference.errors import Unprocessable
from inference.media.decoded import DecodedMedia
from inference.media.limits import MediaLimits
from inference.media.sniff import sniff
from inference.sandbox import DecoderPool
from pipeline.consumers.detection.assembly import media_verdict, refusal_verdict
from pipeline.consumers.detection.known_media import KnownMedia
from pipeline.consumers.detection.signals.combination import combine, decided_verdict, decisive
from pipeline.consumers.detection.signals.examination import examine
from pipeline.consumers.detection.signals.signal import ExaminedMedia, Signal
from schemas.posts import Media
from schemas.verdicts import MediaVerdict

_UNKNOWN_TYPE = "image/unknown"  # of a file that no format recognises; decoding refuses it


class Verifier:
    """Judges files by known media (unless None), the signals and the model."""

    def __init__(
        self,
        detector: Detector,
        pool: DecoderPool,
        signals: Sequence[Signal],
        known: KnownMedia | None,
        limits: MediaLimits,
    ) -> None:
        self._detector = detector
        self._pool = pool
        self._signals = signals
        self._known = known
        self._limits = limits

    @property
    def signal_names(self) -> tuple[str, ...]:
        """The names of the signals, in the order in which they are asked."""
        return tuple(signal.name for signal in self._signals)

    def judge(self, data: bytes) -> MediaVerdict:
        """Return the verdict on the bytes of a file.

        Raise :class:`~inference.errors.SandboxUnavailableError` if no process can be started for decoding.
        """
        digest = sha256(data).hexdigest()
        media = Media(uri=f"s3://local/{digest}", media_type=sniff(data) or _UNKNOWN_TYPE)
        settled = self._known.settled(digest) if self._known is not None else None
        if settled is not None:
            return decided_verdict(media.uri, digest, [settled])
        verdict, pdqs = self._examine(ExaminedMedia(media, data, digest, partial(self._decode, data)))
        found = self._known.find(digest, pdqs, time.monotonic()) if self._known is not None else None
        return verdict if found is None else combine(verdict, (found, *verdict.signals))

    def _examine(self, examined: ExaminedMedia) -> tuple[MediaVerdict, tuple[str, ...]]:
        """Return the verdict of the signals and the model, and the hashes of the frames."""
        media = examined.media
        findings = examine(examined, self._signals)
        if decisive(findings) is not None:
            return decided_verdict(media.uri, examined.sha256, findings), ()
        try:
            (analysis,) = self._detector.analyse([examined.decoded])
        except Unprocessable as refusal:
            return combine(refusal_verdict(media, refusal, examined.sha256), findings), ()
        return combine(media_verdict(media, analysis), findings), analysis.comparable_pdqs

    def _decode(self, data: bytes) -> DecodedMedia:
        return self._pool.decode(data, None, self._limits)
