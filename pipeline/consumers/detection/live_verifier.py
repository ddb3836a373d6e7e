"""Judges files that anybody may send, with the signals, the model and the known media of now."""

from inference.detector import Detector
from inference.error_rates import ErrorRates, error_rates
from inference.media.limits import MediaLimits
from inference.sandbox import DecoderPool, ProcessLimits
from pipeline.consumers.detection.file_verification import Verifier
from pipeline.consumers.detection.known_media import NAME, KnownMedia
from pipeline.consumers.detection.known_media_follower import KnownMediaFollower
from pipeline.consumers.detection.match_rate import MatchRate
from pipeline.consumers.detection.media_decoder import count_attempt
from pipeline.consumers.detection.signals import SignalContext, make_signals
from pipeline.models import model_store
from pipeline.settings import Settings
from schemas.verdicts import MediaVerdict
from storage.database import connect

APPLICATION = "fakeme-verify"  # in pg_stat_activity
WALL_FACTOR = 4.0  # somebody waits for the answer: a file gets 12 and then 24 s, not 30 and 60
_NO_LIMIT = 1_000_000_000  # nothing acts on these matches
_MEGABYTE = 1_000_000


class LiveVerifier:
    """Judges one file at a time."""

    def __init__(
        self, verifier: Verifier, rates: ErrorRates | None, known: KnownMediaFollower, pool: DecoderPool
    ) -> None:
        """Close ``known``, whose thread runs, and ``pool`` in the end."""
        self._verifier = verifier
        self._known = known
        self._pool = pool
        self.error_rates = rates
        self.checks = (NAME, *verifier.signal_names)  # in the order in which they are asked

    @property
    def failed(self) -> bool:
        """Whether the known media are not followed any more, so that only a restart helps."""
        return self._known.failed

    def verify(self, data: bytes) -> MediaVerdict:
        """Return the verdict on a file.

        Raise :class:`~pipeline.errors.TransientError` or :class:`~inference.errors.SandboxUnavailableError`
        if something that it needs is missing for now.
        """
        self._known.require_loaded()
        return self._verifier.judge(data)

    def close(self) -> None:
        """End the decoding processes, which ends a verification in progress, and the thread."""
        self._pool.close()
        self._known.close()


def make_live_verifier(settings: Settings, max_bytes: int) -> LiveVerifier:
    """Return a verifier of files up to ``max_bytes``. Loading the model takes a few seconds."""
    folder = model_store(settings.model_registry).folder(settings.detection.model)
    detector = Detector.load(folder, settings.detection.device)
    url = settings.database_url.get_secret_value()
    database = connect(url, application=APPLICATION)
    memory = settings.detection.decoder_mb * _MEGABYTE
    pool = DecoderPool(1, ProcessLimits(memory_bytes=memory, wall_factor=WALL_FACTOR), count_attempt)
    signals = make_signals(SignalContext(settings, database, pool), settings.detection.disabled_signals)
    media = KnownMedia(MatchRate(_NO_LIMIT, lambda *_: None), tag_similar=settings.known_media.tag_similar)
    known = KnownMediaFollower(url, database, media, retry=settings.retry)
    limits = MediaLimits(
        max_bytes=max_bytes,
        max_pixels=settings.limits.max_pixels,
        max_seconds=settings.limits.max_video_seconds,
    )
    known.start()
    verifier = Verifier(detector, pool, signals, media, limits)
    return LiveVerifier(verifier, error_rates(detector.card), known, pool)
