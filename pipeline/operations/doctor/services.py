"""Checks that the configured services answer and have the required topics, buckets and tables."""

from collections.abc import Callable, Mapping

from pydantic import SecretStr

from infra.errors import NotAnsweringError
from infra.probes import kafka_answer, kafka_topics, postgres_answer, s3_answer
from pipeline.operations.doctor.diagnosis import Diagnosis, failure, ok, warning
from pipeline.settings import Settings
from pipeline.workers import topics
from schemas.topics import Topic
from storage.errors import StorageError
from storage.migrate import current, head

START = "start the local stack with `fakeme up`, or correct the FAKEME_… variable (`fakeme config show`)"
SETUP = "run `fakeme setup`, which creates what is missing"


def check_topics(partitions: Mapping[str, int], required: tuple[Topic, ...]) -> Diagnosis:
    """Check that all topics exist; ``partitions`` are their partition counts by name."""
    missing = [topic.name for topic in required if topic.name not in partitions]
    if missing:
        return failure("topics", f"missing: {', '.join(missing)}", SETUP)
    too_few = [
        f"{topic.name} {partitions[topic.name]}"
        for topic in required
        if partitions[topic.name] < topic.partitions
    ]
    if too_few:
        return warning(
            "topics",
            f"too few partitions: {', '.join(too_few)}",
            "at most that many consumers can share the topic",
        )
    return ok("topics", f"all {len(required)} exist")


def check_migrations(revision: str | None, newest: str) -> Diagnosis:
    """Check that the database schema has the revision that this version requires."""
    if revision is None:
        return failure("migrations", "the database has no tables", SETUP)
    if revision != newest:
        return failure("migrations", f"the database is at {revision}, this version requires {newest}", SETUP)
    return ok("migrations", f"at {newest}")


def examine_services(settings: Settings) -> list[Diagnosis]:
    """Check Kafka, S3 and PostgreSQL and their contents."""
    bootstrap = settings.brokers
    database_url = settings.database_url.get_secret_value()
    return [
        *_examine(
            "kafka", lambda: kafka_answer(bootstrap), lambda: check_topics(kafka_topics(bootstrap), topics())
        ),
        *_examine("s3 media", lambda: _check_bucket(settings, settings.media_bucket)),
        *_examine("s3 evidence", lambda: _check_bucket(settings, settings.evidence_bucket)),
        *_examine(
            "postgres", lambda: postgres_answer(database_url), lambda: _examine_migrations(database_url)
        ),
    ]


def _examine(
    subject: str, probe: Callable[[], str], check_contents: Callable[[], Diagnosis] | None = None
) -> list[Diagnosis]:
    """Probe a service, and check its contents if it answers."""
    try:
        diagnoses = [ok(subject, probe())]
        return [*diagnoses, check_contents()] if check_contents else diagnoses
    except NotAnsweringError as error:
        return [failure(subject, str(error), START)]


def _check_bucket(settings: Settings, bucket: str) -> str:
    access, secret = _reveal(settings.s3_access_key), _reveal(settings.s3_secret_key)
    return f"{s3_answer(settings.s3_endpoint, access, secret, bucket=bucket)}, bucket {bucket}"


def _reveal(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None


def _examine_migrations(database_url: str) -> Diagnosis:
    try:
        return check_migrations(current(database_url), head())
    except StorageError as error:
        return failure("migrations", str(error), SETUP)
