"""The page over real HTTP, without a broker or a database: with the real model, or with one that is told."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from inference.checkpoint import default_model_dir
from inference.detector import Detector
from inference.error_rates import ErrorRates, error_rates
from inference.media.limits import MediaLimits
from inference.sandbox import DecoderPool
from pipeline.consumers.detection.file_verification import Verifier
from pipeline.consumers.detection.known_media import NAME, KnownMedia
from pipeline.consumers.detection.match_rate import MatchRate
from pipeline.consumers.detection.signals.credentials import credentials_signal
from pipeline.consumers.detection.signals.metadata import metadata_signal
from pipeline.producers.gateway.server import gateway_server, make_services
from pipeline.producers.gateway.verify_page.page import make_page
from pipeline.producers.gateway.verify_page.verifier import FileVerifier
from pipeline.settings import GatewaySettings
from schemas.verdicts import Label, MediaVerdict
from storage.known_media import OWN_BANK, KnownEntry, KnownLabel

NOWHERE = "127.0.0.1:1"  # nothing listens there
DEFAULTS: dict[str, object] = {"port": 0, "verify_page": True, "verify_burst": 1_000}


class RealVerifier:
    """The model, the sandbox and the signals of `fakeme verify`."""

    failed = False

    def __init__(self, trust_folder: Path) -> None:
        self._pool = DecoderPool(1)
        self.known = KnownMedia(MatchRate(1_000, lambda *_: None))
        detector = Detector.load(default_model_dir())
        signals = credentials_signal(trust_folder, self._pool), metadata_signal()
        self._verifier = Verifier(detector, self._pool, signals, self.known, MediaLimits())
        self.error_rates = error_rates(detector.card)
        self.checks = (NAME, *self._verifier.signal_names)

    def verify(self, data: bytes) -> MediaVerdict:
        return self._verifier.judge(data)

    def close(self) -> None:
        self._pool.close()


class ToldVerifier:
    """Answers ``verdict`` once it is ``released``; ``seen`` are the sizes of the files it was given."""

    checks = ("known_media", "credentials", "metadata")
    error_rates: ErrorRates | None = None
    failed = False

    def __init__(self, verdict: MediaVerdict | None = None, error: Exception | None = None) -> None:
        self.verdict = verdict or MediaVerdict(
            uri="s3://local/x", label=Label.AUTHENTIC, score=0.123, threshold=0.99
        )
        self.error = error
        self.released = threading.Event()
        self.released.set()
        self.seen: list[int] = []

    def verify(self, data: bytes) -> MediaVerdict:
        self.seen.append(len(data))
        assert self.released.wait(60)
        if self.error is not None:
            raise self.error
        return self.verdict

    def close(self) -> None:
        self.released.set()


@contextmanager
def serving(load: Callable[[], FileVerifier], *, loaded: bool = True, **settings: object) -> Iterator[str]:
    """Serve the gateway with the page; the context value is its URL, once the model is ``loaded``."""
    gateway = GatewaySettings.model_validate(DEFAULTS | settings)
    services = make_services(
        gateway, brokers=NOWHERE, database_url=f"postgresql+psycopg2://nobody@{NOWHERE}/none", source="//test"
    )
    page = make_page(gateway, load) if gateway.verify_page else None
    server = gateway_server(services, gateway, page)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        eventually(lambda: server._server.started)
        if loaded and page is not None:
            eventually(lambda: page.queue._verifier is not None)
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.stop()
        thread.join(60)
    assert not thread.is_alive()


def eventually(condition: Callable[[], object]) -> None:
    """Wait until the condition is true."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)  # polls until the deadline


def known_deepfake(sha256: str) -> KnownEntry:
    """Return an entry of our own moderators, with a case."""
    return KnownEntry(
        entry_id=UUID(int=1),
        label=KnownLabel.DEEPFAKE,
        bank=OWN_BANK,
        sha256=sha256,
        pdqs=(),
        threshold=31,
        reference="",
        case_id=UUID(int=2),
        added_by="moderator:kim",
        added_at=datetime.now(UTC),
        removed=False,
        change=1,
    )
