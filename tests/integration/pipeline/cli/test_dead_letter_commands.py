"""`fakeme dead-letters`: what was buried is found, shown byte for byte, and sent through once more."""

import json
from collections.abc import Callable
from uuid import uuid4

import pytest
from confluent_kafka import Message as KafkaMessage
from confluent_kafka import Producer
from typer.testing import CliRunner, Result

from pipeline.cli import dead_letters as command
from pipeline.operations.dead_letter_reader import NoSuchDeadLetterError
from pipeline.runtime.dead_letters import dead_letter
from pipeline.settings import Settings
from schemas.envelope import Record
from schemas.errors import DeadLetterReason

ReadTopic = Callable[[str, str], list[KafkaMessage]]
Run = Callable[..., Result]
HEADERS = (("ce_id", b"e1"), ("x", b"1"), ("x", b"\xff"), ("fakeme-attempt", b"3"))
# Nobody reads this topic while these tests run, and replays of it disturb nobody's counts.
TOPIC = "generation.results"


@pytest.fixture
def run(kafka_bootstrap: str, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    settings = Settings(kafka_bootstrap=kafka_bootstrap, database_url=database_url)
    monkeypatch.setattr(command, "load_settings", lambda: settings)
    return lambda *arguments: CliRunner().invoke(command.commands, list(arguments))


@pytest.fixture
def bury(kafka_bootstrap: str) -> Callable[..., str]:
    """``bury(key, value)`` publishes a dead letter; its place."""
    producer = Producer({"bootstrap.servers": kafka_bootstrap, "message.max.bytes": 3_000_000})

    def publish(key: str, value: bytes, reason: DeadLetterReason = DeadLetterReason.NOT_JSON) -> str:
        letter = dead_letter(
            topic=TOPIC,
            partition=2,
            offset=40,
            timestamp_ms=1_795_402_800_000,
            key=key.encode(),
            value=value,
            headers=HEADERS,
            reason=reason,
            detail="Expecting value",
            attempts=3,
        )
        places: list[str] = []
        producer.produce(
            letter.topic,
            letter.value,
            letter.key,
            headers=list(letter.headers),
            on_delivery=lambda _, sent: places.append(f"{sent.partition()}:{sent.offset()}"),
        )
        assert producer.flush(10) == 0
        return places[0]

    return publish


@pytest.fixture
def key() -> str:
    return f"post-{uuid4()}"


def test_a_letter_is_listed_and_shown(run: Run, bury: Callable[..., str], key: str) -> None:
    place = bury(key, b"\xff no JSON")

    listed = [each for each in json.loads(run("list", "--json").stdout) if each["place"] == place]
    shown = json.loads(run("show", place, "--json").stdout)

    assert listed == [shown]
    assert (shown["reason"], shown["detail"], shown["attempts"]) == ("not_json", "Expecting value", 3)
    assert (shown["topic"], shown["partition"], shown["offset"]) == (TOPIC, 2, 40)
    assert (shown["key"], shown["value"]) == (key, "hex:ff206e6f204a534f4e")
    assert shown["headers"][2] == ["x", "hex:ff"]
    assert shown["replayed_at"] is None
    assert f" {place} " in run("list").stdout
    assert "hex:ff206e6f204a534f4e" in run("show", place).stdout


def test_the_list_can_be_narrowed_to_a_reason(run: Run, bury: Callable[..., str], key: str) -> None:
    kept = bury(key, b"{", DeadLetterReason.WRONG_SCHEMA)
    other = bury(key, b"{", DeadLetterReason.NOT_JSON)

    places = [each["place"] for each in json.loads(run("list", "--reason", "wrong_schema", "--json").stdout)]

    assert kept in places
    assert other not in places


@pytest.mark.parametrize("value", [b"\xff no JSON", b"x" * 1_000_000], ids=["small", "large"])
def test_a_replay_publishes_the_original_without_our_marks(
    value: bytes, run: Run, bury: Callable[..., str], key: str, read_topic: ReadTopic
) -> None:
    place = bury(key, value)

    result = run("replay", place)

    assert result.exit_code == 0
    assert result.stdout == f"{place} -> {TOPIC} key {key}\n1 replayed\n"
    (sent,) = read_topic(TOPIC, key)
    assert Record(TOPIC, sent.key(), sent.value(), tuple(sent.headers())) == Record(
        TOPIC, key.encode(), value, HEADERS[:3]
    )
    assert json.loads(run("show", place, "--json").stdout)["replayed_at"] is not None


def test_replaying_all_of_a_reason_passes_over_what_was_replayed(
    run: Run, bury: Callable[..., str], key: str, read_topic: ReadTopic
) -> None:
    bury(key, b"1", DeadLetterReason.OVERSIZE)
    bury(key, b"2", DeadLetterReason.OVERSIZE)

    run("replay", "--reason", "oversize")
    bury(key, b"3", DeadLetterReason.OVERSIZE)
    result = run("replay", "--reason", "oversize")

    assert "1 replayed, " in result.stdout
    assert [sent.value() for sent in read_topic(TOPIC, key)] == [b"1", b"2", b"3"]


@pytest.mark.parametrize("place", ["0:987654321", "99:0"])
def test_a_place_without_a_letter_is_an_error(run: Run, place: str) -> None:
    result = run("show", place)

    assert isinstance(result.exception, NoSuchDeadLetterError)
    assert f"no dead letter at {place}" in str(result.exception)


@pytest.mark.parametrize("arguments", [["show", "everything"], ["replay"], ["replay", "1:1", "--all"]])
def test_unclear_wishes_are_refused(run: Run, arguments: list[str]) -> None:
    assert run(*arguments).exit_code == 2
