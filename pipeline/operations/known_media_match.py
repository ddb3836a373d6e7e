"""Compares local files with the known media, without the model."""

import time
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path

from inference.errors import Unprocessable
from inference.fingerprint import comparable, frame_fingerprints
from inference.media import MediaLimits
from inference.sandbox import DecoderPool
from pipeline.consumers.detection.known_media import KnownMedia
from pipeline.consumers.detection.known_media_follower import KnownMediaFollower
from pipeline.consumers.detection.match_rate import MatchRate
from pipeline.operations.local_files import files_below, read_file
from pipeline.settings import Settings
from schemas.verdicts import SignalFinding
from storage.database import connect

_LIMITS = MediaLimits()
_NO_LIMIT = 1_000_000_000  # nothing acts on these matches


def match_files(
    paths: Iterable[Path], settings: Settings
) -> Iterator[tuple[Path, SignalFinding | None, str]]:
    """Yield each file with what is known of it, and why it could not be compared, or an empty string."""
    known = read_known_media(settings)
    pool = DecoderPool(1)
    try:
        for file in files_below(paths):
            finding, problem = None, ""
            try:
                finding = _match(read_file(file, _LIMITS), known, pool)
            except (OSError, Unprocessable) as error:
                problem = str(error)
            yield file, finding, problem
    finally:
        pool.close()


def read_known_media(settings: Settings) -> KnownMedia:
    """Return the known media of now."""
    media = KnownMedia(MatchRate(_NO_LIMIT, lambda *_: None))
    url = settings.database_url.get_secret_value()
    engine = connect(url, application="fakeme-known")
    KnownMediaFollower(url, engine, media, retry=settings.retry).refresh()
    engine.dispose()
    return media


def _match(data: bytes, known: KnownMedia, pool: DecoderPool) -> SignalFinding | None:
    """Compare the bytes first: they may be those of a file that cannot be decoded."""
    digest = sha256(data).hexdigest()
    same = known.find(digest, (), time.monotonic())
    if same is not None:
        return same
    frames = pool.decode(data, None, _LIMITS).frames
    return known.find(None, comparable(frame_fingerprints(frames)), time.monotonic())
