"""A relay that vanishes from the network without closing its connections does not keep the outbox."""

import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from confluent_kafka import Message as KafkaMessage
from confluent_kafka import Producer
from sqlalchemy import make_url

from pipeline.producers.outbox_relay import relay as relay_module
from pipeline.producers.outbox_relay.relay import make_relay
from pipeline.settings import RetrySettings, Settings
from schemas.envelope import Message, encode
from schemas.moderation import ReportsSurged
from storage import outbox
from storage.database import connect, transaction
from tests.integration.pipeline.producers.tcp_proxy import TcpProxy

TOPIC = "reports.surged"
TAKEOVER_SECONDS = 30


def test_the_standby_takes_over_within_30_seconds_from_a_relay_that_vanished(
    kafka_bootstrap: str,
    database_url: str,
    read_topic: Callable[[str, str], list[KafkaMessage]],
    eventually: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Given a relay cut off while it holds the lock, the standby publishes its messages."""
    post = f"post-{uuid4()}"
    _enqueue(database_url, post)
    url = make_url(database_url)
    with TcpProxy(str(url.host), int(url.port or 5432)) as proxy:
        cut_off = threading.Event()
        deliver = relay_module.deliver

        def deliver_or_vanish(producer: Producer, messages: Sequence[Message]) -> None:
            if messages and not cut_off.is_set():
                proxy.freeze()
                cut_off.set()
            else:
                deliver(producer, messages)

        monkeypatch.setattr(relay_module, "deliver", deliver_or_vanish)
        behind_proxy = url.set(host="127.0.0.1", port=proxy.port).render_as_string(hide_password=False)
        first = make_relay(_settings(kafka_bootstrap, behind_proxy))
        standby = make_relay(_settings(kafka_bootstrap, database_url))
        threads = [threading.Thread(target=relay.run, daemon=True) for relay in (first, standby)]
        try:
            threads[0].start()
            eventually(cut_off.is_set)
            threads[1].start()
            eventually(lambda: _backlog(database_url) == 0, seconds=TAKEOVER_SECONDS)
        finally:
            first.stop()
            standby.stop()
            proxy.close()  # the first relay learns only now that its connection is lost
            for thread in threads:
                thread.join(timeout=30) if thread.ident else None

    assert [dict(record.headers())["ce_id"] for record in read_topic(TOPIC, post)] == [b"1"]


def _settings(bootstrap: str, database_url: str) -> Settings:
    retry = RetrySettings(first_delay_seconds=0.1, max_delay_seconds=0.5)
    return Settings(kafka_bootstrap=bootstrap, database_url=database_url, retry=retry)


def _enqueue(database_url: str, post: str) -> None:
    surge = ReportsSurged(
        surge_id=UUID(int=1), post_id=post, reporters=9, window_seconds=60, surged_at=datetime.now(UTC)
    )
    engine = connect(database_url)
    with transaction(engine) as session:
        outbox.enqueue(session, encode(surge, id="1", source="test", key=post, time=surge.surged_at), uuid4())
    engine.dispose()


def _backlog(database_url: str) -> int:
    engine = connect(database_url)
    with transaction(engine) as session:
        messages = outbox.backlog(session).messages
    engine.dispose()
    return messages
