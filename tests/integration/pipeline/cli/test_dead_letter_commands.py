"""`fakeme dead-letters`: dead letters are listed, shown byte for byte, and replayed."""

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
# No consumer reads this topic during these tests, so replays do not affect other tests.
TOPIC = "generation.results"


@pytest.fixture
def run(kafka_bootstrap: str, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    settings = Settings(kafka_bootstrap=kafka_bootstrap, database_url=database_url)
    monkeypatch.setattr(command, "load_settings", lambda: settings)
    return lambda *arguments: CliRunner().invoke(command.commands, list(arguments))


@pytest.fixture
def publish_dead_letter(kafka_bootstrap: str) -> Callable[..., str]:
    """``publish_dead_letter(key, value)`` publishes a dead letter and returns its position."""
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
        positions: list[str] = []
        producer.produce(
            letter.topic,
            letter.value,
            letter.key,
            headers=list(letter.headers),
            on_delivery=lambda _, sent: positions.append(f"{sent.partition()}:{sent.offset()}"),
        )
        assert producer.flush(10) == 0
        return positions[0]

    return publish


@pytest.fixture
def key() -> str:
    return f"post-{uuid4()}"


def test_a_letter_is_listed_and_shown(run: Run, publish_dead_letter: Callable[..., str], key: str) -> None:
    position = publish_dead_letter(key, b"\xff no JSON")

    listed = [letter for letter in json.loads(run("list", "--json").stdout) if letter["place"] == position]
    shown = json.loads(run("show", position, "--json").stdout)

    assert listed == [shown]
    assert (shown["reason"], shown["detail"], shown["attempts"]) == ("not_json", "Expecting value", 3)
    assert (shown["topic"], shown["partition"], shown["offset"]) == (TOPIC, 2, 40)
    assert (shown["key"], shown["value"]) == (key, "hex:ff206e6f204a534f4e")
    assert shown["headers"][2] == ["x", "hex:ff"]
    assert shown["replayed_at"] is None
    assert f" {position} " in run("list").stdout
    assert "hex:ff206e6f204a534f4e" in run("show", position).stdout


def test_the_list_can_be_filtered_by_reason(
    run: Run, publish_dead_letter: Callable[..., str], key: str
) -> None:
    matching = publish_dead_letter(key, b"{", DeadLetterReason.WRONG_SCHEMA)
    other = publish_dead_letter(key, b"{", DeadLetterReason.NOT_JSON)

    letters = json.loads(run("list", "--reason", "wrong_schema", "--json").stdout)
    positions = [letter["place"] for letter in letters]

    assert matching in positions
    assert other not in positions


@pytest.mark.parametrize("value", [b"\xff no JSON", b"x" * 1_000_000], ids=["small", "large"])
def test_a_replay_publishes_the_original_without_added_headers(
    value: bytes, run: Run, publish_dead_letter: Callable[..., str], key: str, read_topic: ReadTopic
) -> None:
    position = publish_dead_letter(key, value)

    result = run("replay", position)

    assert result.exit_code == 0
    assert result.stdout == f"{position} -> {TOPIC} key {key}\n1 replayed\n"
    (sent,) = read_topic(TOPIC, key)
    assert Record(TOPIC, sent.key(), sent.value(), tuple(sent.headers())) == Record(
        TOPIC, key.encode(), value, HEADERS[:3]
    )
    assert json.loads(run("show", position, "--json").stdout)["replayed_at"] is not None


def test_replaying_by_reason_skips_replayed_letters(
    run: Run, publish_dead_letter: Callable[..., str], key: str, read_topic: ReadTopic
) -> None:
    publish_dead_letter(key, b"1", DeadLetterReason.OVERSIZE)
    publish_dead_letter(key, b"2", DeadLetterReason.OVERSIZE)

    run("replay", "--reason", "oversize")
    publish_dead_letter(key, b"3", DeadLetterReason.OVERSIZE)
    result = run("replay", "--reason", "oversize")

    assert "1 replayed, " in result.stdout
    assert [sent.value() for sent in read_topic(TOPIC, key)] == [b"1", b"2", b"3"]


@pytest.mark.parametrize("position", ["0:987654321", "99:0"])
def test_a_position_without_a_dead_letter_is_an_error(run: Run, position: str) -> None:
    result = run("show", position)

    assert isinstance(result.exception, NoSuchDeadLetterError)
    assert f"no dead letter at {position}" in str(result.exception)


@pytest.mark.parametrize("arguments", [["show", "everything"], ["replay"], ["replay", "1:1", "--all"]])
def test_ambiguous_arguments_are_refused(run: Run, arguments: list[str]) -> None:
    assert run(*arguments).exit_code == 2
