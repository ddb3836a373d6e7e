"""Examines the services of the settings: each answers, and has the topics, buckets, tables we need."""

from collections.abc import Callable, Mapping

from pydantic import SecretStr

from infra.errors import NotAnsweringError
from infra.probes import kafka_answer, kafka_topics, postgres_answer, s3_answer
from pipeline.operations.doctor.diagnosis import Diagnosis, broken, doubtful, well
from pipeline.settings import Settings
from schemas.topics import TOPICS, Topic
from storage.errors import StorageError
from storage.migrate import current, head

START = "start the local stack with `fakeme up`, or correct the FAKEME_… variable (`fakeme config show`)"
SETUP = "run `fakeme setup`, which makes what is missing"


def judge_topics(found: Mapping[str, int], wanted: tuple[Topic, ...] = TOPICS) -> Diagnosis:
    """Partitions by topic name, against the one list of topics."""
    missing = [topic.name for topic in wanted if topic.name not in found]
    if missing:
        return broken("topics", f"missing: {', '.join(missing)}", SETUP)
    fewer = [f"{topic.name} {found[topic.name]}" for topic in wanted if found[topic.name] < topic.partitions]
    if fewer:
        return doubtful(
            "topics", f"with few partitions: {', '.join(fewer)}", "as many consumers at most can share them"
        )
    return well("topics", f"all {len(wanted)} are there")


def judge_migrations(found: str | None, newest: str) -> Diagnosis:
    """The revision of the database's schema, against the one this version needs."""
    if found is None:
        return broken("migrations", "the database has no tables", SETUP)
    if found != newest:
        return broken("migrations", f"the database is at {found}, this version needs {newest}", SETUP)
    return well("migrations", f"at {newest}")


def examine_services(settings: Settings) -> list[Diagnosis]:
    """Findings on Kafka, S3 and PostgreSQL, each followed by what FakeME keeps there."""
    bootstrap = settings.kafka_bootstrap
    database_url = settings.database_url.get_secret_value()
    return [
        *_examine("kafka", lambda: kafka_answer(bootstrap), lambda: judge_topics(kafka_topics(bootstrap))),
        *_examine("s3 media", lambda: _list(settings, settings.media_bucket)),
        *_examine("s3 evidence", lambda: _list(settings, settings.evidence_bucket)),
        *_examine(
            "postgres", lambda: postgres_answer(database_url), lambda: _examine_migrations(database_url)
        ),
    ]


def _examine(
    subject: str, ask: Callable[[], str], then: Callable[[], Diagnosis] | None = None
) -> list[Diagnosis]:
    """Ask a service; look further only where it answers."""
    try:
        answers = [well(subject, ask())]
        return [*answers, then()] if then else answers
    except NotAnsweringError as error:
        return [broken(subject, str(error), START)]


def _list(settings: Settings, bucket: str) -> str:
    access, secret = _plain(settings.s3_access_key), _plain(settings.s3_secret_key)
    return f"{s3_answer(settings.s3_endpoint, access, secret, bucket=bucket)}, bucket {bucket}"


def _plain(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None


def _examine_migrations(database_url: str) -> Diagnosis:
    try:
        return judge_migrations(current(database_url), head())
    except StorageError as error:
        return broken("migrations", str(error), SETUP)
