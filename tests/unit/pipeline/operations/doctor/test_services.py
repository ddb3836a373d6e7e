"""The doctor's checks of services and their contents."""

import socket

import pytest

from pipeline.operations.doctor.diagnosis import Level
from pipeline.operations.doctor.services import check_migrations, check_topics, examine_services
from pipeline.settings import Settings
from schemas.topics import TOPICS

PARTITIONS = {topic.name: topic.partitions for topic in TOPICS}


def test_all_topics() -> None:
    assert check_topics(PARTITIONS, TOPICS).level == Level.OK


def test_a_missing_topic_is_named() -> None:
    diagnosis = check_topics(
        {name: count for name, count in PARTITIONS.items() if name != "posts.tags"}, TOPICS
    )
    assert (diagnosis.level, diagnosis.says) == (Level.FAIL, "missing: posts.tags")
    assert "fakeme setup" in diagnosis.remedy


def test_a_topic_with_too_few_partitions_is_named() -> None:
    diagnosis = check_topics({**PARTITIONS, "posts.created": 1}, TOPICS)
    assert (diagnosis.level, diagnosis.says) == (Level.WARN, "too few partitions: posts.created 1")


@pytest.mark.parametrize(
    ("revision", "level", "says"),
    [
        ("0002", Level.OK, "at 0002"),
        ("0001", Level.FAIL, "the database is at 0001, this version requires 0002"),
        (None, Level.FAIL, "the database has no tables"),
    ],
)
def test_migrations(revision: str | None, level: Level, says: str) -> None:
    diagnosis = check_migrations(revision, "0002")
    assert (diagnosis.level, diagnosis.says) == (level, says)


def test_each_unreachable_service_fails_with_its_address() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))  # bound, but not listening
        port = bound.getsockname()[1]
        settings = Settings(
            kafka_bootstrap=f"127.0.0.1:{port}",
            s3_endpoint=f"http://127.0.0.1:{port}",
            s3_access_key="key",
            s3_secret_key="secret",
            database_url=f"postgresql+psycopg2://fakeme:hidden@127.0.0.1:{port}/fakeme",
        )
        diagnoses = examine_services(settings)
    assert [diagnosis.subject for diagnosis in diagnoses] == ["kafka", "s3 media", "s3 evidence", "postgres"]
    assert {diagnosis.level for diagnosis in diagnoses} == {Level.FAIL}
    assert all(str(port) in diagnosis.says and diagnosis.remedy for diagnosis in diagnoses)
    assert not any("hidden" in diagnosis.says for diagnosis in diagnoses)
