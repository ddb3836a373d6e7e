"""Evidence never delays a verdict: it waits in the database, and no outage or crash loses it."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from socket import create_server
from uuid import uuid4

import pytest
from sqlalchemy import Engine, delete, func, select, update

from inference.checkpoint import Checkpoint
from inference.detector import Detector
from inference.evidence import Evidence
from pipeline.consumers.detection.consumer import Detection
from pipeline.consumers.detection.evidence_uploads import BATCH, FILES, EvidenceUploader
from schemas.verdicts import Label, VerdictIssued
from storage import pending_evidence
from storage.database import connect, transaction
from storage.errors import ObjectStoreUnavailableError, UnavailableError
from storage.objects import ObjectStore
from storage.pending_evidence import EvidenceFile
from storage.tables import PendingEvidence
from tests.integration.pipeline.consumers.detection_steps import (
    EVIDENCE,
    Platform,
    answer,
    created,
    make_detection,
    make_uploader,
    portrait,
)
from tests.unit.inference.random_checkpoint import random_checkpoint

Eventually = Callable[..., None]


@pytest.fixture(scope="module")
def accuser() -> Detector:
    """A model that suspects every face."""
    checkpoint = random_checkpoint(tag=1.0, suspect=0.0)
    return Detector(Checkpoint(checkpoint.card, checkpoint.network), "cpu")


@pytest.fixture(autouse=True)
def nothing_pending(database: Engine) -> None:
    with transaction(database) as session:
        session.execute(delete(PendingEvidence))


def waiting(database: Engine) -> int:
    with transaction(database) as session:
        return session.execute(select(func.count()).select_from(PendingEvidence)).scalar_one()


def flagged(detection: Detection, platform: Platform) -> VerdictIssued:
    (verdict,) = answer(detection, created(platform.put(portrait() + uuid4().bytes)))
    assert verdict.label is Label.SUSPECTED
    return verdict


def stored(objects: ObjectStore, uri: str) -> bytes:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return objects.fetch(bucket, key, 1_000_000).data


def keep(database: Engine, count: int, bucket: str = EVIDENCE) -> list[EvidenceFile]:
    """Let ``count`` files wait, as a worker that was killed after its verdicts leaves them."""
    files = [EvidenceFile(f"s3://{bucket}/test/{uuid4()}", "image/jpeg", b"x") for _ in range(count)]
    with transaction(database) as session:
        pending_evidence.add(session, files)
    return files


def test_verdict_does_not_wait_for_the_evidence_bucket(
    accuser: Detector, objects: ObjectStore, database: Engine, platform: Platform
) -> None:
    # given a bucket that takes nothing
    uploader = make_uploader(objects, database, bucket="no-such-bucket")

    # when
    verdict = flagged(make_detection(accuser, objects, database, uploader=uploader), platform)

    # then the verdict names its evidence, which waits
    assert verdict.media[0].evidence
    assert waiting(database) == len(verdict.media[0].evidence)
    with pytest.raises(ObjectStoreUnavailableError):
        uploader.upload_batch()
    assert waiting(database) == len(verdict.media[0].evidence)


def test_evidence_of_a_killed_worker_is_uploaded_by_another(
    accuser: Detector, objects: ObjectStore, database: Engine, platform: Platform
) -> None:
    verdict = flagged(make_detection(accuser, objects, database), platform)  # and nothing more

    uploaded = make_uploader(objects, database).upload_batch()

    assert uploaded == len(verdict.media[0].evidence) > 0
    assert all(stored(objects, uri) for uri in verdict.media[0].evidence)
    assert waiting(database) == 0


def test_thread_uploads_what_is_stored(
    accuser: Detector, objects: ObjectStore, database: Engine, platform: Platform, eventually: Eventually
) -> None:
    uploader = make_uploader(objects, database)
    uploader.start()
    try:
        verdict = flagged(make_detection(accuser, objects, database, uploader=uploader), platform)
        eventually(lambda: waiting(database) == 0)
    finally:
        uploader.close()
    assert all(stored(objects, uri) for uri in verdict.media[0].evidence)


def test_thread_goes_on_after_an_outage(
    objects: ObjectStore, database: Engine, monkeypatch: pytest.MonkeyPatch, eventually: Eventually
) -> None:
    # given a bucket that is unavailable three times
    (file,) = keep(database, 1)
    outages = iter(
        [ObjectStoreUnavailableError("down"), RuntimeError("a bug"), ObjectStoreUnavailableError("")]
    )
    put = objects.put

    def fail_at_first(*arguments: str) -> str:
        if (outage := next(outages, None)) is not None:
            raise outage
        return put(*arguments)

    monkeypatch.setattr(objects, "put", fail_at_first)

    # when
    uploader = make_uploader(objects, database)
    uploader.start()
    try:
        eventually(lambda: waiting(database) == 0)
    finally:
        uploader.close()

    # then
    assert stored(objects, file.uri) == b"x"


def test_workers_share_the_waiting_files(objects: ObjectStore, database: Engine) -> None:
    keep(database, BATCH + 3)
    with transaction(database) as first:
        held = pending_evidence.take(first, BATCH)

        assert make_uploader(objects, database).upload_batch() == 3

        pending_evidence.remove(first, [row for row, _ in held])
    assert waiting(database) == 0


SILENT_STORE = """
import sys
from storage.objects import ObjectStore
from pipeline.consumers.detection.evidence_uploads import EvidenceUploader
from pipeline.settings import EvidenceSettings, RetrySettings
from storage.database import connect
uploader = EvidenceUploader(
    connect(sys.argv[1]), ObjectStore(sys.argv[2], "us-east-1", "key", "secret"), "bucket",
    settings=EvidenceSettings(), retry=RetrySettings(),
)
while uploader.upload_batch() == 0:  # the test looks whether the file is held, and holds it meanwhile itself
    pass
"""


@pytest.fixture
def silent_store() -> Iterator[str]:
    """URL of a store that accepts connections and never answers."""
    with create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def test_worker_killed_while_it_uploads_loses_no_file(
    objects: ObjectStore, database: Engine, database_url: str, silent_store: str, eventually: Eventually
) -> None:
    # given a worker that holds a file and waits for the store
    (file,) = keep(database, 1)
    command = [sys.executable, "-c", SILENT_STORE, database_url, silent_store]
    worker = subprocess.Popen(command)

    def is_held() -> bool:
        with transaction(database) as session:
            return pending_evidence.take(session, 1) == []

    eventually(is_held, seconds=60)
    uploader = make_uploader(objects, database)
    assert uploader.upload_batch() == 0

    # when it is killed
    worker.kill()
    worker.wait()

    # then another worker uploads the file
    eventually(lambda: uploader.upload_batch() == 1)
    assert stored(objects, file.uri) == b"x"


def test_file_that_the_store_refuses_does_not_block_the_others(
    objects: ObjectStore, database: Engine
) -> None:
    refused = FILES.labels("refused")._value.get()
    with transaction(database) as session:
        pending_evidence.add(session, [EvidenceFile(f"s3://{EVIDENCE}/../x", "image/jpeg", b"x")])
    (good,) = keep(database, 1)

    assert make_uploader(objects, database).upload_batch() == 2

    assert stored(objects, good.uri) == b"x"
    assert FILES.labels("refused")._value.get() == refused + 1


def test_verdicts_have_no_evidence_while_too_many_files_wait(
    accuser: Detector, objects: ObjectStore, database: Engine, platform: Platform
) -> None:
    uploader = make_uploader(objects, database, max_pending_files=2)
    detection = make_detection(accuser, objects, database, uploader=uploader)
    keep(database, 2)
    uploader.measure()

    full = flagged(detection, platform)
    uploader.upload_batch()
    uploader.measure()
    free = flagged(detection, platform)

    assert full.media[0].evidence == ()
    assert free.media[0].evidence


def test_files_that_waited_too_long_are_deleted(objects: ObjectStore, database: Engine) -> None:
    keep(database, 2)
    with transaction(database) as session:
        week = func.now() - timedelta(days=8)
        oldest = select(func.min(PendingEvidence.id)).scalar_subquery()
        session.execute(update(PendingEvidence).where(PendingEvidence.id == oldest).values(written_at=week))

    make_uploader(objects, database).measure()

    assert waiting(database) == 1


def test_unavailable_database_raises(objects: ObjectStore) -> None:
    unreachable = connect("postgresql+psycopg2://fakeme:none@127.0.0.1:9/fakeme")
    with pytest.raises(UnavailableError):
        make_uploader(objects, unreachable).upload_batch()


def test_files_are_named_after_their_folder(objects: ObjectStore, database: Engine) -> None:
    uploader: EvidenceUploader = make_uploader(objects, database)
    picture = Evidence("face-0.jpg", "image/jpeg", b"x")

    (file,) = uploader.files("hash/identity", [picture])

    assert file == EvidenceFile(f"s3://{EVIDENCE}/hash/identity/face-0.jpg", "image/jpeg", b"x")
