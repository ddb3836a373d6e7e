"""A local stack under kill -9: data survives, services are restarted, and they die with their supervisor."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import boto3
import psutil
import psycopg2
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from confluent_kafka import Consumer, KafkaException, Producer
from sqlalchemy.engine import make_url

from infra.errors import AlreadyRunningError
from infra.local.down import stop_stack
from infra.local.folder_lock import holder
from infra.local.stack import LocalStack
from infra.local.state_file import read_state
from infra.local.status import check_stack

pytestmark = pytest.mark.timeout(240)  # it starts Kafka twice and restarts each server

TOPIC = "posts.created"
DEADLINE_SECONDS = 90.0
SUPERVISE = """
import sys, threading
from pathlib import Path
from infra.local.stack import LocalStack
from infra.local.worker import WorkerSpec
worker = WorkerSpec("echo", (sys.executable, sys.argv[2]))
with LocalStack(Path(sys.argv[1]), [worker]):
    threading.Event().wait()
"""
ECHO_WORKER = """
import os
from http.server import BaseHTTPRequestHandler, HTTPServer
class Ready(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"ready")
HTTPServer(("127.0.0.1", int(os.environ["FAKEME_HEALTH_PORT"])), Ready).serve_forever()
"""


def wait_until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"not within {DEADLINE_SECONDS} s: {what}"
        time.sleep(0.1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("survival")


@pytest.fixture(scope="module")
def supervisor(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[subprocess.Popen[bytes]]:
    """A stack with one worker, supervised by a separate process."""
    worker = tmp_path_factory.mktemp("worker") / "echo.py"
    worker.write_text(ECHO_WORKER)
    process = subprocess.Popen([sys.executable, "-c", SUPERVISE, str(folder), str(worker)])
    wait_until(lambda: _ready(folder) or process.poll() is not None, "the stack is ready")
    assert process.poll() is None
    yield process
    process.kill()
    process.wait()


def _ready(folder: Path) -> bool:
    return (
        bool(read_state(folder))
        and holder(folder) is not None
        and len(services(folder)) == 4
        and all_answer(folder)
    )


def services(folder: Path) -> dict[str, int | None]:
    state = read_state(folder) or {"servers": {}, "workers": {}}
    return {name: process["pid"] for name, process in {**state["servers"], **state["workers"]}.items()}


def all_answer(folder: Path) -> bool:
    return check_stack(folder).ready


def test_acknowledged_data_survives_kill_9_of_each_server(
    supervisor: subprocess.Popen[bytes], folder: Path
) -> None:
    # given
    state = read_state(folder)
    assert state is not None
    write_event(state, b"kept")
    write_object(state, b"kept")
    write_row(state, "kept")
    for name in ("kafka", "seaweedfs", "postgres"):
        victim = services(folder)[name]
        assert victim is not None
        # when
        os.kill(victim, signal.SIGKILL)
        # then
        wait_until(
            lambda name=name, victim=victim: services(folder)[name] not in (None, victim), f"{name} again"
        )
        wait_until(lambda: all_answer(folder), f"{name} answers again")
    assert read_state(folder) | {"servers": 0} == state | {"servers": 0}, "every endpoint is where it was"
    assert read_event(state) == b"kept"
    assert read_object(state) == b"kept"
    assert read_row(state) == "kept"


def test_killed_worker_is_restarted_on_its_port(supervisor: subprocess.Popen[bytes], folder: Path) -> None:
    before = read_state(folder)
    assert before is not None
    os.kill(before["workers"]["echo"]["pid"], signal.SIGKILL)
    wait_until(
        lambda: services(folder)["echo"] not in (None, before["workers"]["echo"]["pid"]), "a new worker"
    )
    wait_until(lambda: all_answer(folder), "the worker is ready")
    after = read_state(folder)
    assert after is not None
    assert after["workers"]["echo"]["health_port"] == before["workers"]["echo"]["health_port"]
    assert after["workers"]["echo"]["restarts"] == 1


def test_second_stack_on_the_folder_reports_the_holder(
    supervisor: subprocess.Popen[bytes], folder: Path
) -> None:
    with pytest.raises(AlreadyRunningError) as refused:
        LocalStack(folder).start()
    assert refused.value.pid == supervisor.pid
    assert all_answer(folder)


def test_status_measures_every_process(supervisor: subprocess.Popen[bytes], folder: Path) -> None:
    status = check_stack(folder)
    assert [service.name for service in status.services] == ["kafka", "seaweedfs", "postgres", "echo"]
    assert all(service.memory_bytes > 1_000_000 for service in status.services)
    assert status.memory_bytes < 1_000_000_000


def test_secrets_are_readable_by_the_owner_only(supervisor: subprocess.Popen[bytes], folder: Path) -> None:
    modes = {name: (folder / name).stat().st_mode & 0o777 for name in ("stack.json", "credentials.json")}
    assert modes == {"stack.json": 0o600, "credentials.json": 0o600}


def test_services_die_with_the_supervisor_and_the_data_survives(
    supervisor: subprocess.Popen[bytes], folder: Path
) -> None:
    # given
    state = read_state(folder)
    assert state is not None
    processes = [psutil.Process(pid) for pid in services(folder).values() if pid]
    processes += [child for process in processes for child in process.children(recursive=True)]
    # when
    supervisor.kill()
    # then
    gone, alive = psutil.wait_procs(processes, timeout=15)
    assert (len(gone), alive) == (len(processes), [])
    # and when
    with LocalStack(folder) as stack:
        kept = json.loads((folder / "stack.json").read_text())
        # then
        assert stack.endpoints.kafka_bootstrap == state["kafka_bootstrap"]
        assert read_event(kept) == b"kept"
        assert read_object(kept) == b"kept"
        assert read_row(kept) == "kept"
    assert read_state(folder) is None
    assert holder(folder) is None


def test_down_fails_without_a_running_stack(folder: Path) -> None:
    from infra.errors import NotRunningError

    with pytest.raises(NotRunningError):
        stop_stack(folder)


def write_event(state: dict[str, Any], value: bytes) -> None:
    failures: list[object] = []
    producer = Producer(
        {"bootstrap.servers": state["kafka_bootstrap"], "acks": "all", "enable.idempotence": True}
    )
    producer.produce(TOPIC, value, key=b"survival", on_delivery=lambda error, _: failures.append(error))
    producer.flush(30)
    assert failures == [None]


def read_event(state: dict[str, Any]) -> bytes:
    consumer = Consumer(
        {
            "bootstrap.servers": state["kafka_bootstrap"],
            "group.id": f"survival-{time.monotonic_ns()}",
            "auto.offset.reset": "earliest",
            "log_level": 0,
        }
    )
    with closing(consumer):
        consumer.subscribe([TOPIC])
        deadline = time.monotonic() + DEADLINE_SECONDS
        while time.monotonic() < deadline:
            message = consumer.poll(1)
            if message is not None and message.error() is None:
                return bytes(message.value())
    raise KafkaException("no event within the deadline")


def s3_of(state: dict[str, Any]) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=state["s3_endpoint"],
        aws_access_key_id=state["platform_s3_access_key"],
        aws_secret_access_key=state["platform_s3_secret_key"],
        region_name="us-east-1",
        config=Config(s3={"addressing_style": "path"}),
    )


def write_object(state: dict[str, Any], body: bytes) -> None:
    s3_of(state).put_object(Bucket="platform-media", Key="survival", Body=body)


def read_object(state: dict[str, Any]) -> bytes:
    found: list[bytes] = []

    def there() -> bool:
        # The S3 port answers before the volume servers have registered.
        try:
            found.append(s3_of(state).get_object(Bucket="platform-media", Key="survival")["Body"].read())
        except (BotoCoreError, ClientError):
            return False
        return True

    wait_until(there, "the object can be read")
    return found[0]


def query(state: dict[str, Any], *statements: str) -> Any:
    url = make_url(state["database_url"])
    connection = psycopg2.connect(
        host=url.host, port=url.port, user=url.username, password=url.password, dbname=url.database
    )
    with closing(connection), connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        return cursor.fetchone() if cursor.description else None


def write_row(state: dict[str, Any], value: str) -> None:
    query(state, "CREATE TABLE survival (value text)", f"INSERT INTO survival VALUES ('{value}')")


def read_row(state: dict[str, Any]) -> Any:
    return query(state, "SELECT value FROM survival")[0]
