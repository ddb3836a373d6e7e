"""Uploads evidence in the background, so that no verdict waits for the evidence bucket.

The files are written to PostgreSQL in the transaction of the verdict that names them. A thread of each
detection worker uploads them and deletes the rows, also those of a worker that was killed. While the bucket
takes no files they wait, up to a number and an age.
"""

import threading
from collections.abc import Sequence
from datetime import timedelta

import structlog
from prometheus_client import Counter, Gauge
from sqlalchemy import Engine

from inference.evidence import Evidence
from pipeline.runtime.faults import Fault, fault_of
from pipeline.runtime.retries import delay_before
from pipeline.settings import EvidenceSettings, RetrySettings
from storage import pending_evidence
from storage.database import transaction
from storage.errors import StorageError
from storage.objects import ObjectStore
from storage.pending_evidence import EvidenceFile

BATCH = 8  # files in one transaction: the locks last for some 50 ms, and at most a few timeouts of the store
POLL_SECONDS = 5.0  # for files that another worker left
STOP_SECONDS = 2.0  # the rest is uploaded by another worker, or after the restart
UPLOADED, REFUSED, EXPIRED, DROPPED = "uploaded", "refused", "expired", "dropped"

PENDING = Gauge("fakeme_evidence_pending", "Evidence files that wait for their upload.")
OLDEST = Gauge("fakeme_evidence_pending_oldest_seconds", "Age of the oldest waiting evidence file.")
FILES = Counter(
    "fakeme_evidence_files_total",
    "Evidence files that were uploaded, refused by the store, too old, or dropped because too many wait.",
    ["outcome"],
)

log = structlog.get_logger(__name__)


class EvidenceUploader:
    """Names evidence files and uploads those that are stored. :meth:`start` starts the thread."""

    def __init__(
        self,
        database: Engine,
        objects: ObjectStore,
        bucket: str,
        *,
        settings: EvidenceSettings,
        retry: RetrySettings,
    ) -> None:
        self._database = database
        self._objects = objects
        self._bucket = bucket
        self._settings = settings
        self._retry = retry
        self._full = False
        self._failures = 0
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="evidence", daemon=True)

    def files(self, folder: str, pictures: Sequence[Evidence]) -> list[EvidenceFile]:
        """Return the files for ``pictures``, to be stored with their verdict; none while too many wait."""
        if self._full:
            FILES.labels(DROPPED).inc(len(pictures))
            return []
        return [
            EvidenceFile(f"s3://{self._bucket}/{folder}/{picture.name}", picture.media_type, picture.content)
            for picture in pictures
        ]

    def wake(self) -> None:
        """Tell the thread that files were stored."""
        self._wake.set()

    def start(self) -> None:
        """Upload in the background until :meth:`close`."""
        self._thread.start()

    def close(self) -> None:
        """Stop after the current batch; wait up to :data:`STOP_SECONDS`."""
        self._stop.set()
        self._wake.set()
        self._thread.join(STOP_SECONDS)

    def upload_batch(self) -> int:
        """Upload the oldest files and delete their rows; return how many rows were deleted.

        Raise :class:`~storage.errors.UnavailableError` if the bucket or the database is unavailable.
        The other files keep waiting.
        """
        done: list[int] = []
        unavailable: StorageError | None = None
        with transaction(self._database) as session:
            for row, file in pending_evidence.take(session, BATCH):
                try:
                    self._upload(file)
                except StorageError as error:
                    unavailable = error
                    break
                done.append(row)
            pending_evidence.remove(session, done)
        if unavailable is not None:
            raise unavailable
        return len(done)

    def measure(self) -> None:
        """Delete files that are too old, and update the metrics and whether more files may wait."""
        with transaction(self._database) as session:
            expired = pending_evidence.expire(session, timedelta(seconds=self._settings.max_pending_seconds))
            backlog = pending_evidence.backlog(session)
        if expired:
            FILES.labels(EXPIRED).inc(expired)
            log.error("evidence.expired", files=expired, limit=self._settings.max_pending_seconds)
        PENDING.set(backlog.files)
        OLDEST.set(backlog.oldest_seconds)
        self._full = backlog.files >= self._settings.max_pending_files

    def _upload(self, file: EvidenceFile) -> None:
        bucket, _, key = file.uri.removeprefix("s3://").partition("/")
        try:
            self._objects.put(bucket, key, file.content, file.media_type)
        except StorageError as error:
            if fault_of(error) is Fault.OUTAGE:
                raise
            FILES.labels(REFUSED).inc()
            log.exception("evidence.refused", uri=file.uri)
        else:
            FILES.labels(UPLOADED).inc()

    def _run(self) -> None:
        while not self._stop.is_set():
            self._wake.clear()
            try:
                self.measure()
                more = self.upload_batch() == BATCH
            except Exception as error:  # noqa: BLE001 - the boundary of the thread: it must go on
                self._back_off(error)
            else:
                self._failures = 0
                if not more:
                    self._wake.wait(POLL_SECONDS)

    def _back_off(self, error: Exception) -> None:
        self._failures += 1
        delay = delay_before(self._failures + 1, self._retry)
        trace = None if fault_of(error) is Fault.OUTAGE else error
        log.warning("evidence.waiting", error=f"{type(error).__name__}: {error}", delay=delay, exc_info=trace)
        self._stop.wait(delay)
