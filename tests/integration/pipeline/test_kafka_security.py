"""Workers sign in to a broker that denies what the printed ACLs do not allow."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from confluent_kafka import Consumer, KafkaError, TopicPartition
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # documented, not re-exported
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)
from sqlalchemy import text

from infra.brokers import Brokers
from infra.errors import NotAnsweringError
from infra.local.kafka import KafkaServer
from infra.local.ports import Ports
from infra.local.supervisor import Supervisor
from infra.probes import kafka_answer
from infra.topics import declare_topics
from pipeline.consumers.tagging.worker import make_tagging
from pipeline.operations.kafka_acls import PLATFORM, Acl, kafka_acls
from pipeline.runtime.kafka import make_producer
from pipeline.settings import KafkaSettings, Settings
from pipeline.workers import WORKERS
from schemas.envelope import encode
from schemas.moderation import DecisionKind, DecisionMade
from storage.database import connect, transaction

ADMIN = "admin"
PRINCIPALS = (ADMIN, PLATFORM, *(f"fakeme-{name}" for name in WORKERS))
SECONDS = 15.0


class GuardedKafka(KafkaServer):
    """A broker with SASL/PLAIN whose authorizer denies what no ACL allows; passwords are the users' names."""

    def _write_properties(self) -> Path:
        file = super()._write_properties()
        own = f'username="{ADMIN}" password="{ADMIN}"'
        users = " ".join(f'user_{name}="{name}"' for name in PRINCIPALS)
        login = "org.apache.kafka.common.security.plain.PlainLoginModule required"
        lines = file.read_text().replace("BROKER:PLAINTEXT", "BROKER:SASL_PLAINTEXT").splitlines()
        lines += [
            "sasl.enabled.mechanisms=PLAIN",
            "sasl.mechanism.inter.broker.protocol=PLAIN",
            f"listener.name.broker.plain.sasl.jaas.config={login} {own} {users};",
            "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            f"super.users=User:{ADMIN};User:ANONYMOUS",  # anonymous: the controller's own listener
        ]
        file.write_text("\n".join(lines) + "\n")
        return file

    def probe(self) -> str:
        return kafka_answer(signed_in(self.bootstrap, ADMIN))


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """``host:port`` of a guarded broker with all topics and the ACLs of the workers."""
    folder = tmp_path_factory.mktemp("guarded")
    ports = Ports(folder / "ports.json")
    server = GuardedKafka(folder / "kafka", port=ports.of("kafka"), controller_port=ports.of("controller"))
    supervisor = Supervisor((server,), folder, lambda: None)
    try:
        supervisor.start(60.0, lambda *_: None)
        admin = signed_in(server.bootstrap, ADMIN)
        declare_topics(admin)
        with AdminClient(admin.client_config()) as client:
            for created in client.create_acls(
                [binding(acl) for acl in kafka_acls(WORKERS.values())]
            ).values():
                created.result(SECONDS)
        yield server.bootstrap
    finally:
        supervisor.stop()


@pytest.mark.parametrize("name", [name for name in WORKERS if WORKERS[name].written_topics])
def test_worker_writes_its_topics_and_no_others(broker: str, name: str) -> None:
    worker = WORKERS[name]
    own = {topic.name for topic in worker.written_topics}
    foreign = {"posts.created", "moderation.decisions", "media.verdicts", "posts.tags"} - own

    refused = {
        topic for topic in own | foreign if not may_write(signed_in(broker, worker.consumer_group), topic)
    }

    assert refused == foreign


def test_worker_reads_its_topics_and_no_others(broker: str) -> None:
    for name in ("detection", "moderation", "tagging"):
        worker = WORKERS[name]
        own = {topic.name for topic in worker.read_topics}
        foreign = {"posts.created", "moderation.decisions", "dead-letters"} - own
        brokers = signed_in(broker, worker.consumer_group)

        assert {topic for topic in own | foreign if may_read(brokers, worker.consumer_group, topic)} == own


def test_a_wrong_password_is_refused(broker: str) -> None:
    with pytest.raises(NotAnsweringError):
        kafka_answer(signed_in(broker, ADMIN, password="wrong"))


def test_tagging_signs_in_and_tags(broker: str, database_url: str, eventually: Callable[..., None]) -> None:
    """Faust has a Kafka client of its own: it must use the same settings."""
    decision = DecisionMade(
        decision_id=uuid4(),
        case_id=uuid4(),
        post_id=f"post-{uuid4()}",
        decision=DecisionKind.DEEPFAKE,
        moderator="kim",
        decided_at=datetime.now(UTC),
    )
    message = encode(decision, id="1", source="test", key=decision.post_id, time=decision.decided_at)
    producer = make_producer(signed_in(broker, "fakeme-relay"), "test")
    producer.produce(message.topic, message.value, message.key, headers=list(message.headers))
    assert producer.flush(SECONDS) == 0
    settings = Settings(
        kafka_bootstrap=broker, database_url=database_url, kafka=security(WORKERS["tagging"].consumer_group)
    )
    worker = make_tagging(settings)
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        eventually(lambda: is_tagged(database_url, decision.post_id), seconds=30)
    finally:
        worker.stop()
        thread.join(30)


def security(user: str, password: str | None = None) -> KafkaSettings:
    return KafkaSettings(
        security_protocol="sasl_plaintext", sasl_mechanism="PLAIN", username=user, password=password or user
    )


def signed_in(bootstrap: str, user: str, password: str | None = None) -> Brokers:
    return Brokers(bootstrap, security(user, password).client_config())


def binding(acl: Acl) -> AclBinding:
    return AclBinding(
        ResourceType[acl.resource.upper()],
        acl.name,
        ResourcePatternType.PREFIXED if acl.prefixed else ResourcePatternType.LITERAL,
        f"User:{acl.principal}",
        "*",
        AclOperation[acl.operation.upper()],
        AclPermissionType.ALLOW,
    )


def may_write(brokers: Brokers, topic: str) -> bool:
    failed = []
    producer = make_producer(brokers, "test", 10_000)
    producer.produce(
        topic, b"x", b"key", on_delivery=lambda error, _: failed.append(error) if error else None
    )
    assert producer.flush(SECONDS) == 0
    if failed:
        assert failed[0].code() == KafkaError.TOPIC_AUTHORIZATION_FAILED
    return not failed


def may_read(brokers: Brokers, group: str, topic: str) -> bool:
    """Ask for the topic, then for its first record; an empty partition answers with its end."""
    consumer = Consumer({**brokers.client_config(), "group.id": group, "enable.partition.eof": True})
    try:
        error = consumer.list_topics(topic, timeout=SECONDS).topics[topic].error
        if error is None:
            consumer.assign([TopicPartition(topic, 0, 0)])
            message = consumer.poll(SECONDS)
            assert message is not None
            error = message.error()
    finally:
        consumer.close()
    assert error is None or error.code() in (KafkaError._PARTITION_EOF, KafkaError.TOPIC_AUTHORIZATION_FAILED)
    return error is None or error.code() == KafkaError._PARTITION_EOF


def is_tagged(database_url: str, post_id: str) -> bool:
    with transaction(connect(database_url)) as session:
        query = text("SELECT count(*) FROM post_tags WHERE post_id = :post AND tagged")
        return session.execute(query, {"post": post_id}).scalar_one() == 1
