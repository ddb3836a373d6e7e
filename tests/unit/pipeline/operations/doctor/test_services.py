"""What the doctor makes of services and their contents."""

import socket

import pytest

from pipeline.operations.doctor.diagnosis import Level
from pipeline.operations.doctor.services import examine_services, judge_migrations, judge_topics
from pipeline.settings import Settings
from schemas.topics import TOPICS

ALL = {topic.name: topic.partitions for topic in TOPICS}


def test_all_topics() -> None:
    assert judge_topics(ALL).level == Level.OK


def test_a_missing_topic_is_named() -> None:
    found = judge_topics({name: count for name, count in ALL.items() if name != "posts.tags"})
    assert (found.level, found.says) == (Level.FAIL, "missing: posts.tags")
    assert "fakeme setup" in found.remedy


def test_a_topic_with_too_few_partitions_is_named() -> None:
    found = judge_topics({**ALL, "posts.created": 1})
    assert (found.level, found.says) == (Level.WARN, "with few partitions: posts.created 1")


@pytest.mark.parametrize(
    ("revision", "level", "says"),
    [
        ("0002", Level.OK, "at 0002"),
        ("0001", Level.FAIL, "the database is at 0001, this version needs 0002"),
        (None, Level.FAIL, "the database has no tables"),
    ],
)
def test_migrations(revision: str | None, level: Level, says: str) -> None:
    found = judge_migrations(revision, "0002")
    assert (found.level, found.says) == (level, says)


def test_services_that_do_not_answer_each_fail_with_their_address() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # bound, but nobody listens
        port = held.getsockname()[1]
        settings = Settings(
            kafka_bootstrap=f"127.0.0.1:{port}",
            s3_endpoint=f"http://127.0.0.1:{port}",
            s3_access_key="key",
            s3_secret_key="secret",
            database_url=f"postgresql+psycopg2://fakeme:hidden@127.0.0.1:{port}/fakeme",
        )
        found = examine_services(settings)
    assert [finding.subject for finding in found] == ["kafka", "s3 media", "s3 evidence", "postgres"]
    assert {finding.level for finding in found} == {Level.FAIL}
    assert all(str(port) in finding.says and finding.remedy for finding in found)
    assert not any("hidden" in finding.says for finding in found)
